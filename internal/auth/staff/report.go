package staff

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"strings"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// ErrAddress says that a report cannot go there.
var ErrAddress = errors.New("this is not an e-mail address such as maria@example.org")

// Reported says whether a weekly report goes to the member now: they asked for it, work here, and may know
// of people.
func (m *Member) Reported() bool {
	return m.Report != "" && m.Left.IsZero() && m.Role.May(SeePeople)
}

// SetReport has a member's weekly report go to an address, or "" to nobody. ErrAddress, ErrMember.
func (s *Members) SetReport(ctx context.Context, by audit.Actor, member, address string) error {
	if a, err := mail.ParseAddress(address); address != "" && (err != nil || a.Address != address || !strings.Contains(address[strings.LastIndexByte(address, '@'):], ".")) {
		return ErrAddress
	}
	if _, err := s.working(ctx, member); err != nil {
		return fmt.Errorf("weekly report: %w", err)
	}
	_, err := s.all.Update(ctx, member, func(m *Member, b *docstore.Batch) error {
		if m.Report == address {
			return docstore.Unchanged
		}
		m.Report, m.ReportSince = address, s.clock.Now()
		s.log.Record(b, audit.Entry{Actor: by, Action: "staff.report", OnBehalf: m.ID})
		return nil
	})
	return err
}
