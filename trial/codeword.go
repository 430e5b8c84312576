package trial

import (
	"context"
	"errors"
	"time"

	"github.com/muster-health/muster/internal/docstore"
	"github.com/muster-health/muster/internal/outbox"
)

// TemplateCodeWord is the text before a call that names our number and a word the call says first.
const TemplateCodeWord = "sms.codeWord"

// VarCall is where that text keeps the id of its call's message.
const VarCall = "call"

// CodeWordLead is how long before a call by a machine that text goes, 0 where the study has none.
func (s *Study) CodeWordLead() time.Duration {
	return time.Duration(s.CodeWordMinutes) * time.Minute
}

// withoutCall says why the text before a call says what will not be, "" when the call still waits.
func (c *Coordinator) withoutCall(ctx context.Context, m outbox.Message) (string, error) {
	id := m.Vars[VarCall]
	if m.Template != TemplateCodeWord || id == "" {
		return "", nil
	}
	call, err := c.Box.Get(ctx, id)
	switch {
	case errors.Is(err, docstore.ErrNotFound):
		return "the call it is about is not made", nil
	case err != nil:
		return "", err
	case call.State != outbox.Due:
		return "the call it is about is made already, or not at all", nil
	}
	why, err := c.stale(ctx, call, c.now())
	if why != "" {
		why = "the call it is about is not made: " + why
	}
	return why, err
}
