package phonesim

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Simulator is one simulated account with its numbers, the phones around it and
// a clock. All methods are safe for use by several goroutines.
//
// Inside the package, unexported methods expect the lock to be held unless their
// comment says otherwise; requests to the application run without it.
type Simulator struct {
	opt     Options
	began   time.Time
	client  *http.Client
	handler http.Handler

	advancing sync.Mutex // one clock move at a time
	saving    sync.Mutex

	mu       sync.Mutex
	st       *state
	numbers  []*Number
	handsets map[string]*handset
	calls    map[string]*call
	messages map[string]*message
	watchers map[string]int // open pages per phone
	paces    map[jobKind]*pace
	running  int // webhooks on their way
	revision uint64
	changed  chan struct{} // closed at every change
	touched  bool
	unsaved  bool
	closed   bool

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// New makes a simulator, reading its state file when there is one. Webhooks cut
// short by the last stop are sent again at once; timers run only within Run or
// AdvanceClock.
func New(opt Options) (*Simulator, error) {
	opt, err := opt.ready()
	if err != nil {
		return nil, err
	}
	st, err := loadState(opt.StateFile, opt.Seed)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &Simulator{
		opt: opt, began: opt.Now().UTC(), client: webhookClient(), st: st,
		handsets: map[string]*handset{}, calls: map[string]*call{}, messages: map[string]*message{}, watchers: map[string]int{}, paces: map[jobKind]*pace{},
		changed: make(chan struct{}), ctx: ctx, cancel: cancel,
	}
	for _, n := range opt.Numbers {
		s.numbers = append(s.numbers, &n)
	}
	for _, h := range st.Handsets {
		s.handsets[h.Number] = h
	}
	for _, c := range st.Calls {
		s.calls[c.SID] = c
	}
	for _, m := range st.Messages {
		s.messages[m.SID] = m
	}
	for _, h := range opt.Handsets {
		s.install(h)
	}
	s.handler = s.routes()
	s.lock()
	s.touch()
	s.unlock()
	return s, nil
}

// install adds a handset of Options, keeping what was edited by hand.
func (s *Simulator) install(h Handset) {
	if old := s.findHandset(h.Number); old != nil {
		old.Listed = true
		if !old.Edited {
			old.Handset = h
		}
		return
	}
	h.AutoReply, h.AutoKeys = slices.Clone(h.AutoReply), slices.Clone(h.AutoKeys)
	s.addHandset(&handset{Handset: h, Listed: true})
}

// Handler serves the REST API, the management API and the pages.
func (s *Simulator) Handler() http.Handler { return s.handler }

// The state file is written this often, and seldom enough that a large one takes no more than a
// twentieth of the time.
const (
	leastBetweenWrites = 250 * time.Millisecond
	shareOfWrites      = 20
)

// Run lets time pass: it fires what is due and keeps the state file up to date,
// until ctx ends. It returns the error of the last write, if any.
func (s *Simulator) Run(ctx context.Context) error {
	save := time.NewTimer(leastBetweenWrites)
	defer save.Stop()
	for {
		s.lock()
		s.fireDue()
		next := s.untilNext()
		changed := s.changed
		s.unlock()
		timer := time.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return s.save()
		case <-s.ctx.Done():
			timer.Stop()
			return nil
		case <-save.C:
			began := time.Now()
			if err := s.save(); err != nil {
				s.opt.Logger.Error("phone simulator state not written", "error", err)
			}
			save.Reset(max(leastBetweenWrites, shareOfWrites*time.Since(began)))
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Close ends open pages and webhooks on their way, and writes the state file.
func (s *Simulator) Close() error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.wg.Wait()
	s.client.CloseIdleConnections()
	return s.save()
}

// lock begins a change.
func (s *Simulator) lock() { s.mu.Lock() }

// unlock ends a change: webhooks that became due leave, and watchers are told.
func (s *Simulator) unlock() {
	if s.touched {
		s.touched = false
		s.unsaved = true
		s.revision++
		s.startJobs()
		close(s.changed)
		s.changed = make(chan struct{})
	}
	s.mu.Unlock()
}

// touch marks the state as changed.
func (s *Simulator) touch() { s.touched = true }

// now is the simulator's time, UTC, to the millisecond.
func (s *Simulator) now() time.Time {
	return s.opt.Now().Add(s.st.Offset).UTC().Truncate(time.Millisecond)
}

// errUnsettled is returned when the application took too long to answer.
var errUnsettled = errors.New("the application has not answered its webhooks yet")

// settle waits until quiet() holds, at most as long as a webhook may take. It
// takes the lock itself.
func (s *Simulator) settle(ctx context.Context, quiet func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, webhookTotal+time.Second)
	defer cancel()
	for {
		s.lock()
		done, changed := quiet(), s.changed
		s.unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errUnsettled
		}
	}
}

// quietAll reports that no webhook is on its way.
func (s *Simulator) quietAll() bool { return s.running == 0 }
