// Package staff says who works here, what each role may do, and who is let in: whom an identity
// provider vouches for (see internal/auth/oidc), and whoever has a link that works once, made on the
// command line. Only the hash of a link is stored.
package staff

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
	"go.mongodb.org/mongo-driver/v2/bson"
)

// Member is somebody who works here. ID is short and lower-case, such as "maria".
type Member struct {
	docstore.Meta `bson:",inline"`
	Name          string    `bson:"name"`
	Role          Role      `bson:"role"`
	Sites         []string  `bson:"sites,omitempty"`   // ids; none: every site
	Studies       []string  `bson:"studies,omitempty"` // ids; none: every study
	Via           string    `bson:"via,omitempty"`     // "oidc": name, role, sites and studies are the provider's, anew at each sign-in
	Left          time.Time `bson:"left,omitempty"`    // works here no more: cannot sign in

	Report      string    `bson:"report,omitempty"`      // the e-mail address their weekly report goes to; "" they want none
	ReportSince time.Time `bson:"reportSince,omitempty"` // when they last asked for it
}

// Actor is the member in the audit trail.
func (m Member) Actor() audit.Actor {
	return audit.Actor{Kind: audit.Staff, ID: m.ID, Role: string(m.Role)}
}

// At says whether the member works at a site. A matter of no site is everybody's.
func (m Member) At(site string) bool {
	return site == "" || len(m.Sites) == 0 || slices.Contains(m.Sites, site)
}

// In says whether the member works in a study. A matter of no study is everybody's.
func (m Member) In(study string) bool {
	return study == "" || len(m.Studies) == 0 || slices.Contains(m.Studies, study)
}

// Everywhere says that neither sites nor studies limit the member.
func (m Member) Everywhere() bool { return len(m.Sites) == 0 && len(m.Studies) == 0 }

// Errors a caller decides on.
var (
	ErrLink   = errors.New("the link has been used, is too old, or is not one of ours")
	ErrMember = errors.New("this is not a member of staff")
	ErrReason = errors.New("a break-glass link needs a reason of 5 to 200 letters")
)

// Clock gives business time and real time; *clock.Clock is one.
type Clock interface {
	Now() time.Time
	Wall() time.Time
}

// Members keeps who works here and the links they sign in with. Safe for concurrent use.
type Members struct {
	store *docstore.Store
	log   *audit.Log
	clock Clock
	all   *docstore.Collection[Member, *Member]
	links *docstore.Collection[link, *link]
}

// Open makes the collections "staff" and "staffLinks" exist.
func Open(ctx context.Context, store *docstore.Store, log *audit.Log, clock Clock) (*Members, error) {
	all, err1 := docstore.Open[Member](ctx, store, docstore.Spec{Name: "staff", Version: 1})
	links, err2 := docstore.Open[link](ctx, store, docstore.Spec{Name: "staffLinks", Version: 1, Indexes: []docstore.Index{{Name: "used", Fields: []string{"used"}}}})
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("open staff: %w", err)
	}
	return &Members{store, log, clock, all, links}, nil
}

// Get returns a member, also one who left; docstore.ErrNotFound.
func (s *Members) Get(ctx context.Context, id string) (Member, error) { return s.all.Get(ctx, id) }

// All returns everybody by id, those who left too.
func (s *Members) All(ctx context.Context) ([]Member, error) {
	return s.all.List(ctx, docstore.Query{})
}

// Put stores a member as given; changed is false when nothing differs. ErrMember when the id,
// the name or the role is missing or unknown, and when the id was somebody else's who left: what
// they did stands in the audit trail under it.
func (s *Members) Put(ctx context.Context, by audit.Actor, m Member) (changed bool, err error) {
	if !validID(m.ID) || m.Name == "" || !slices.Contains(Roles(), m.Role) {
		return false, fmt.Errorf("put staff %q: %w: an id of a–z, 0–9 and hyphens, a name and a role of %v are needed", m.ID, ErrMember, Roles())
	}
	err = s.store.Do(ctx, func(b *docstore.Batch) error {
		changed = true
		action := "staff.put"
		_, err := s.all.Edit(ctx, b, m.ID, func(v *Member) error {
			m.Meta, m.Report, m.ReportSince = v.Meta, v.Report, v.ReportSince // these are their own
			switch {
			case same(*v, m):
				changed = false
				return docstore.Unchanged
			case !v.Left.IsZero() && v.Name != m.Name:
				return fmt.Errorf("put staff %q: %w: the id was somebody's who left; give another", m.ID, ErrMember)
			case v.Role != m.Role || !slices.Equal(v.Sites, m.Sites) || !slices.Equal(v.Studies, m.Studies):
				action = "staff.role"
			}
			*v = m
			return nil
		})
		if errors.Is(err, docstore.ErrNotFound) {
			m.Meta = docstore.Meta{ID: m.ID}
			s.all.Insert(b, &m)
			err = nil
		}
		if err != nil || !changed {
			return err
		}
		s.log.Record(b, audit.Entry{Actor: by, Action: action, OnBehalf: m.ID})
		return nil
	})
	return changed, err
}

// Leave says that a member works here no more, from now on. Their sessions are the caller's to end;
// the desk lets nobody in who left, whatever session they have. ErrMember for somebody who does not
// work here.
func (s *Members) Leave(ctx context.Context, by audit.Actor, member string) error {
	if _, err := s.working(ctx, member); err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	_, err := s.all.Update(ctx, member, func(m *Member, b *docstore.Batch) error {
		m.Left = s.clock.Now().UTC().Truncate(time.Millisecond)
		s.log.Record(b, audit.Entry{Actor: by, Action: "staff.leave", OnBehalf: m.ID})
		return nil
	})
	if err != nil {
		return fmt.Errorf("leave %s: %w", member, err)
	}
	return nil
}

func same(a, b Member) bool {
	x, err1 := bson.Marshal(a)
	y, err2 := bson.Marshal(b)
	return err1 == nil && err2 == nil && string(x) == string(y)
}

func validID(id string) bool {
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return id != "" && len(id) <= 40
}
