package staff

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/docstore"
)

// ViaOIDC marks members who come through an identity provider.
const ViaOIDC = "oidc"

// provider is who changes a member at such a sign-in.
func provider() audit.Actor { return audit.Actor{Kind: audit.Provider, ID: ViaOIDC} }

// Admit takes in whom the identity provider vouches for, with the role and limits it gives them now,
// and records the sign-in. The id stands for the provider's own and for nobody else ever, so an
// account that was deleted there and made anew is somebody new here. ErrMember for somebody who left.
func (s *Members) Admit(ctx context.Context, m Member) (Member, error) {
	old, err := s.all.Get(ctx, m.ID)
	if err != nil && !errors.Is(err, docstore.ErrNotFound) {
		return m, fmt.Errorf("admit %s: %w", m.ID, err)
	}
	if !old.Left.IsZero() {
		return m, fmt.Errorf("admit %s: %w", m.ID, ErrMember)
	}
	m.Via = ViaOIDC
	if _, err := s.Put(ctx, provider(), m); err != nil {
		return m, err
	}
	if m, err = s.all.Get(ctx, m.ID); err != nil {
		return m, fmt.Errorf("admit %s: %w", m.ID, err)
	}
	err = s.log.Read(ctx, audit.Entry{Actor: m.Actor(), Action: "staff.signin", Reason: ViaOIDC, Objects: []audit.Object{{Collection: "staff", ID: m.ID, Rev: m.Rev}}})
	if err != nil {
		return m, fmt.Errorf("admit %s: %w", m.ID, err)
	}
	return m, nil
}

// Refused records that the provider's word was not enough to come in. member is "" where the answer
// did not prove whose it is; why is one of a few words.
func (s *Members) Refused(ctx context.Context, member, why string) error {
	if err := s.log.Read(ctx, audit.Entry{Actor: provider(), Action: "staff.refused", OnBehalf: member, Reason: why}); err != nil {
		return fmt.Errorf("record a refused sign-in: %w", err)
	}
	return nil
}

// SignedOut records that a member, or an administrator for them, ended their sessions.
func (s *Members) SignedOut(ctx context.Context, by audit.Actor, member string) error {
	if err := s.log.Read(ctx, audit.Entry{Actor: by, Action: "staff.signout", OnBehalf: member}); err != nil {
		return fmt.Errorf("record a sign-out: %w", err)
	}
	return nil
}
