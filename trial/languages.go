package trial

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/i18n"
)

// Speaks is the language to use with somebody: theirs, unless our texts in it are a draft (F19) that the
// study has not released. While no study is known, such as when somebody calls, it is theirs as soon as
// one study has.
func (c *Coordinator) Speaks(lang i18n.Lang, study StudyID) i18n.Lang {
	if !lang.Known() || i18n.Draft(lang) && !c.Drafts && !c.released.has(study, lang) {
		return i18n.En
	}
	return lang
}

// released are the languages that each study may use although our texts in them are drafts.
type released struct {
	mu sync.RWMutex
	of map[StudyID]map[i18n.Lang]bool
}

func (r *released) has(study StudyID, lang i18n.Lang) bool {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if study != "" {
		return r.of[study][lang]
	}
	for _, langs := range r.of {
		if langs[lang] {
			return true
		}
	}
	return false
}

// ReleaseLanguages reads anew which languages each study has released: those in which every text of its
// script book and every questionnaire it asks stands approved, with a translator. A text that changed
// takes its language back until it is approved again.
func (c *Coordinator) ReleaseLanguages(ctx context.Context) error {
	approved := map[StudyID]map[string]bool{}
	for a, err := range c.texts.Find(ctx, docstore.Query{}) {
		if err != nil {
			return fmt.Errorf("released languages: %w", err)
		}
		if !a.Stands() || a.Translator == "" {
			continue
		}
		if approved[a.Study] == nil {
			approved[a.Study] = map[string]bool{}
		}
		approved[a.Study][a.ID] = true
	}
	of := map[StudyID]map[i18n.Lang]bool{}
	for study, ids := range approved {
		st, err := c.studies.Get(ctx, string(study))
		if err != nil {
			return fmt.Errorf("released languages of %s: %w", study, err)
		}
		if of[study], err = c.releasedBy(ctx, &st, ids); err != nil {
			return fmt.Errorf("released languages of %s: %w", study, err)
		}
	}
	c.released.mu.Lock()
	defer c.released.mu.Unlock()
	c.released.of = of
	return nil
}

// releasedBy are the languages of which no text of a study is missing among those approved.
func (c *Coordinator) releasedBy(ctx context.Context, st *Study, approved map[string]bool) (map[i18n.Lang]bool, error) {
	texts, err := c.Texts(ctx, st)
	if err != nil {
		return nil, err
	}
	langs := map[i18n.Lang]bool{}
	for _, l := range i18n.Langs() {
		langs[l] = i18n.Draft(l)
	}
	for _, name := range st.questionnaires() {
		q, err := c.QuestionnaireNamed(ctx, name)
		if err != nil {
			return nil, err
		}
		for l := range langs {
			langs[l] = langs[l] && slices.Contains(q.Languages(), string(l))
		}
	}
	for _, t := range texts {
		if !approved[t.ID(st.StudyID())] {
			langs[i18n.Lang(t.Lang)] = false
		}
	}
	return langs, nil
}
