package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/matching"
	"github.com/muster-health/muster/matching/eval"
	"github.com/muster-health/muster/portal/staff"
	"github.com/muster-health/muster/trial"
)

// studies gives matching the studies of trial, in the form it reads.
type studies struct{ *trial.Coordinator }

// Study returns one study with its criteria parsed.
func (s studies) Study(ctx context.Context, id string) (matching.Study, error) {
	st, err := s.Coordinator.Study(ctx, trial.StudyID(id))
	if err != nil {
		return matching.Study{}, err
	}
	return asMatching(&st)
}

// At returns one study with the criteria of a version, 0 for those it has now.
func (s studies) At(ctx context.Context, id string, version int) (matching.Study, error) {
	if version == 0 {
		return s.Study(ctx, id)
	}
	st, err := s.StudyAt(ctx, trial.StudyID(id), version)
	if err != nil {
		return matching.Study{}, err
	}
	return asMatching(&st)
}

// Open returns the studies that look for people now.
func (s studies) Open(ctx context.Context) ([]matching.Study, error) {
	all, err := s.Studies(ctx)
	if err != nil {
		return nil, err
	}
	var out []matching.Study
	for _, st := range all {
		if ok, _ := st.Recruiting(s.Clock.Now()); !ok || st.Criteria == "" {
			continue
		}
		m, err := asMatching(&st)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func asMatching(st *trial.Study) (matching.Study, error) {
	var sites []matching.Site
	for _, x := range st.Sites {
		sites = append(sites, matching.Site{ID: x.ID, ZIP: x.ZIP})
	}
	m, err := matching.NewStudy(st.ID, st.Version, st.Criteria, sites...)
	m.Zone = st.Zone()
	return m, err
}

// participations tells matching who is or was in which study of ours.
func participations(t *trial.Coordinator) matching.Trials {
	return func(ctx context.Context) (map[contacts.PersonID][]eval.Participation, error) {
		out := map[contacts.PersonID][]eval.Participation{}
		all, err := t.Studies(ctx)
		if err != nil {
			return nil, err
		}
		for _, st := range all {
			subs, err := t.SubjectsIn(ctx, st.StudyID(), "")
			if err != nil {
				return nil, err
			}
			for _, s := range subs {
				if p, ok := participation(&s); ok {
					out[s.Person] = append(out[s.Person], p)
				}
			}
		}
		return out, nil
	}
}

// visits tells matching on which days people came to us: visits kept at a site, in any study; a call
// is no visit.
func visits(t *trial.Coordinator) matching.Visits {
	return func(ctx context.Context) (map[contacts.PersonID][]eval.Date, error) {
		out := map[contacts.PersonID][]eval.Date{}
		err := t.EachKept(ctx, func(v *trial.Visit) {
			if v.Mode == "site" {
				out[v.Person] = append(out[v.Person], eval.Date(v.Day))
			}
		})
		return out, err
	}
}

// participation is the stretch from enrolment to the end, if the subject ever took part.
func participation(s *trial.Subject) (p eval.Participation, ok bool) {
	p.Study = string(s.Study)
	for _, m := range s.Moves {
		switch {
		case m.To.InStudy() && p.From == "":
			p.From, ok = eval.Date(m.Event), true
		case m.To.Over() && ok:
			p.To = eval.Date(m.Event)
		}
	}
	return p, ok
}

// openMatcher makes the index; it fills with the first Tick.
func (k *core) openMatcher() {
	o := k.matchOptions()
	if k.ring != nil && k.config.DataDir != "" {
		o.Snapshot = &matching.Snapshot{Path: filepath.Join(k.config.DataDir, "matching.snapshot"), Sealer: k.ring, Version: programVersion(), Every: snapshotEvery}
	}
	told := 0
	o.Progress = func(done, total int) {
		if tenth := done * 10 / max(total, 1); tenth != told && total >= 10_000 {
			told = tenth
			k.log.Info("matching reads everybody", "people", done, "of", total)
		}
	}
	k.matcher = matching.NewLive(k.people, k.driver, k.clock.Now, o)
}

// snapshotEvery is how often the index is written down for the next start.
const snapshotEvery = 15 * time.Minute

// programVersion tells one build from another, releases or not.
func programVersion() string {
	v := fullVersion()
	if path, err := os.Executable(); err == nil {
		if info, err := os.Stat(path); err == nil {
			v += fmt.Sprintf(" %d %d", info.Size(), info.ModTime().UnixNano())
		}
	}
	return v
}

func (k *core) matchOptions() matching.Options {
	return matching.Options{Studies: studies{k.trial}, Trials: participations(k.trial), TrialsIn: "subjects",
		Visits: visits(k.trial), VisitsIn: "visits", StudiesIn: "studies"}
}

// percolate holds one person against all open studies and notes the verdict where they are on a
// study's list.
func (k *core) percolate(ctx context.Context, p contacts.PersonID) error {
	if err := k.matcher.Refresh(ctx, p); err != nil {
		return err
	}
	fits, err := k.matcher.For(ctx, p, k.today())
	if err != nil {
		return err
	}
	for _, f := range fits {
		st, err := k.trial.Study(ctx, trial.StudyID(f.Study))
		if err != nil {
			return err
		}
		if err := k.trial.Judged(ctx, p, st.StudyID(), string(f.Verdict), st.Version); err != nil {
			return err
		}
	}
	return nil
}

func (k *core) today() eval.Date { return eval.DateOf(k.clock.Now()) }

// deskMatcher gives staff pages what matching knows, in their own words.
type deskMatcher struct{ k *core }

// Candidates is matching.Report for a page.
func (d deskMatcher) Candidates(ctx context.Context, study trial.StudyID, asOf string, limit int) (staff.Match, error) {
	s, err := studies{d.k.trial}.Study(ctx, string(study))
	if err != nil {
		return staff.Match{}, err
	}
	if s.Settled, err = d.settled(ctx, study); err != nil {
		return staff.Match{}, err
	}
	day := eval.Date(asOf)
	r, err := d.k.matcher.Counts(ctx, s, day)
	if err != nil {
		return staff.Match{}, err
	}
	ask, err := d.k.matcher.Questions(ctx, s, day)
	if err != nil {
		return staff.Match{}, err
	}
	people, err := d.k.matcher.Candidates(ctx, s, day, limit, "")
	if err != nil {
		return staff.Match{}, err
	}
	out := staff.Match{Version: r.Version, Eligible: r.Counts.Eligible, Possible: r.Counts.Possible, Excluded: r.Counts.Excluded}
	for _, c := range r.Criteria {
		out.Criteria = append(out.Criteria, staff.Criterion{ID: c.ID, Text: c.Text, Excluded: c.Excluded, Only: c.Only, Unknown: c.Unknown, Left: c.Left, Without: staff.Counts(c.Dropped)})
	}
	for _, q := range ask {
		out.Ask = append(out.Ask, staff.Ask{Question: q.ID, Name: q.Name, People: q.Ask, Settles: q.Settles, Sensitive: q.Sensitivity == eval.Sensitive})
	}
	for _, c := range people {
		out.People = append(out.People, asFit(s.ID, c))
	}
	return out, nil
}

// Unknown lists the possible people of whom the answer to a question is not known, who fits best first.
func (d deskMatcher) Unknown(ctx context.Context, study trial.StudyID, question, asOf string) ([]contacts.PersonID, error) {
	s, err := studies{d.k.trial}.Study(ctx, string(study))
	if err != nil {
		return nil, err
	}
	if s.Settled, err = d.settled(ctx, study); err != nil {
		return nil, err
	}
	questions, err := d.k.matcher.Questions(ctx, s, eval.Date(asOf))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(questions, func(q matching.Question) bool { return q.ID == question })
	if i < 0 {
		return nil, nil
	}
	fit, err := d.k.matcher.Candidates(ctx, s, eval.Date(asOf), 0, "")
	if err != nil {
		return nil, err
	}
	var out []contacts.PersonID
	for _, c := range fit {
		if c.Verdict == eval.Possible && slices.ContainsFunc(c.Reasons, func(r matching.Reason) bool {
			return r.Outcome == eval.OutcomeUnknown && slices.Contains(questions[i].Criteria, r.ID)
		}) {
			out = append(out, c.Person)
		}
	}
	return out, nil
}

// settled are the people of a study's pipeline who are no candidates any more.
func (d deskMatcher) settled(ctx context.Context, study trial.StudyID) (map[contacts.PersonID]bool, error) {
	subs, err := d.k.trial.SubjectsIn(ctx, study, "")
	if err != nil {
		return nil, err
	}
	out := map[contacts.PersonID]bool{}
	for _, sub := range subs {
		if !sub.Status.Candidate() {
			out[sub.Person] = true
		}
	}
	return out, nil
}

// For is matching.Index.For for a page.
func (d deskMatcher) For(ctx context.Context, p contacts.PersonID, asOf string) ([]staff.Fit, error) {
	all, err := d.k.matcher.For(ctx, p, eval.Date(asOf))
	if err != nil {
		return nil, err
	}
	var out []staff.Fit
	for _, c := range all {
		out = append(out, asFit(c.Study, c))
	}
	return out, nil
}

func asFit(study string, c matching.Candidate) staff.Fit {
	f := staff.Fit{Person: c.Person, Study: trial.StudyID(study), Verdict: string(c.Verdict), Miles: -1, Counts: c.CountsOnly}
	if c.Metres >= 0 {
		f.Miles = float64(c.Metres) / 1609.344
	}
	for _, r := range c.Reasons {
		is := "met"
		switch r.Outcome {
		case eval.NotMet:
			is = "failed"
		case eval.OutcomeUnknown:
			is = "unknown"
			f.Unknown = append(f.Unknown, r.Name)
		}
		f.Reasons = append(f.Reasons, staff.Reason{Criterion: r.ID, Text: r.Criterion, Is: is, Why: r.Text, Only: r.Only})
	}
	return f
}

func matchCommand() *cobra.Command {
	var a asked
	cmd := &cobra.Command{
		Use:   "match STUDY",
		Short: "Who fits a study, what each criterion costs, why, and what to ask next",
		Example: `  muster match STEADY --as-of 2026-03-02
  muster match STEADY --explain per_01m81w974btbe203ysf2z7smqy
  muster match STEADY --what-if "drop E2" --what-if "I1 age 45..85" --what-if "relax I4"
  muster match STEADY --next-question
  muster match STEADY --new --since 2026-02-27
  muster match STEADY --stream`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := settings(cmd)
			if err = errors.Join(err, oneOf(a.format, "table", "json"), a.check()); err != nil {
				return err
			}
			return withCore(cmd.Context(), c, false, func(k *core) error { return a.answer(cmd.Context(), k, args[0], cmd.OutOrStdout()) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&a.day, "as-of", "", "the day to match on, 2026-03-02 (default: today)")
	f.IntVar(&a.version, "version", 0, "the version of the criteria to match by (default: the one the study has now)")
	f.StringVar(&a.format, "format", "table", "table or json")
	f.StringVar(&a.explain, "explain", "", "one person: why each criterion is met, not met or unknown, and what to ask first")
	f.StringVar(&a.lang, "lang", "en", "language of the reasons under --explain: en, or es, a draft nobody has reviewed yet")
	f.StringArrayVar(&a.whatIf, "what-if", nil, `changes to try together: "drop ID", "relax ID", or a criterion in the text form with its id; may be repeated`)
	f.StringVar(&a.stream, "stream", "", "read people from the database page by page, keeping nobody in memory: fit, who fits, through a filter (what --stream alone means), or all, what criteria cost as well")
	f.Lookup("stream").NoOptDefVal = "fit"
	f.BoolVar(&a.next, "next-question", false, "what could be asked, and how many people each question is expected to settle")
	f.BoolVar(&a.fresh, "new", false, "who came to fit, and who ceased to, since the last working day")
	f.StringVar(&a.since, "since", "", "with --new: since this day, 2026-02-27")
	return cmd
}
