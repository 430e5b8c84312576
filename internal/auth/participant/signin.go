// Package participant signs volunteers and participants in with a one-time code to their phone.
//
// A phone may belong to several people (F2). The code proves the phone; where that does not say
// who holds it, or nobody has confirmed yet that it is theirs, the birth date is asked before any
// record is opened, and the first name where even that is shared. A number nobody has goes through the same steps and never gets a code.
package participant

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/muster-health/muster/contacts"
	"github.com/muster-health/muster/internal/audit"
	"github.com/muster-health/muster/internal/phone"
)

// Purpose is what the codes of this package are for; one sent for something else opens nothing.
const Purpose = "signin"

// signUp is the purpose of the codes that confirm a number at the end of signing up.
const signUp = "signup"

// What can be the matter.
var (
	ErrWrong = errors.New("not right")                // a code or birth date; another may be tried
	ErrOver  = errors.New("too late or too often")    // begin again
	ErrName  = errors.New("the first name is needed") // two people share number and birth date
)

// Codes sends a code to whoever has a number; *trial.Coordinator is one.
type Codes interface {
	SendCode(ctx context.Context, by audit.Actor, value, purpose string, byCall bool) (challenge string, err error)
}

// People is what is asked of the directory; *contacts.Directory is one.
type People interface {
	CheckCode(ctx context.Context, challenge, code string) (contacts.Proven, error)
	Try(ctx context.Context, challenge string) (left int, err error)
	Pass(ctx context.Context, challenge string) (contacts.Proven, error)
	ByHash(ctx context.Context, hash string) ([]contacts.Person, error)
}

// Doors opens the records of participants. Safe for concurrent use.
type Doors struct {
	codes  Codes
	people People
}

// New returns the doors.
func New(codes Codes, people People) *Doors { return &Doors{codes, people} }

// Knock is somebody on the way in. It lives in the browser's session.
type Knock struct {
	Number    string `json:"number"`
	ByCall    bool   `json:"byCall,omitempty"`
	Challenge string `json:"challenge"`
	Point     string `json:"point,omitempty"` // look-up hash, once the code was right
}

// Visitor is who knocks, as the audit trail names them.
var Visitor = audit.Actor{Kind: audit.Person, ID: "visitor"}

// Begin sends a code. It says the same whether anybody has the number. *contacts.TooManyCodes.
func (d *Doors) Begin(ctx context.Context, n phone.Number, byCall bool) (Knock, error) {
	challenge, err := d.codes.SendCode(ctx, Visitor, n.E164(), Purpose, byCall)
	if err != nil {
		return Knock{}, fmt.Errorf("send sign-in code: %w", err)
	}
	return Knock{Number: n.E164(), ByCall: byCall, Challenge: challenge}, nil
}

// Code checks a code. Where it settles who it is their id is returned; "" asks for the birth
// date. ErrWrong, ErrOver.
func (d *Doors) Code(ctx context.Context, k Knock, code string) (Knock, contacts.PersonID, error) {
	proven, err := d.people.CheckCode(ctx, k.Challenge, code)
	switch {
	case errors.Is(err, contacts.ErrCodeWrong):
		return k, "", ErrWrong
	case errors.Is(err, contacts.ErrCodeOver):
		return k, "", ErrOver
	case err != nil:
		return k, "", fmt.Errorf("sign in: %w", err)
	case proven.Purpose != Purpose:
		return k, "", ErrOver
	}
	k.Point = proven.Point
	who, alone, err := d.at(ctx, k.Point)
	if err != nil {
		return k, "", err
	}
	if len(who) == 0 {
		return k, "", ErrOver
	}
	if alone && theirs(who[0], k.Point) {
		return k, who[0].PersonID(), nil
	}
	return k, "", nil
}

// Pass opens the page of somebody who signed up and gave the right code a moment ago, in the
// browser that holds the challenge: a second code would prove nothing more. It works once. ErrOver.
func (d *Doors) Pass(ctx context.Context, challenge string) (contacts.PersonID, error) {
	proven, err := d.people.Pass(ctx, challenge)
	switch {
	case errors.Is(err, contacts.ErrCodeOver):
		return "", ErrOver
	case err != nil:
		return "", fmt.Errorf("go on from signing up: %w", err)
	case proven.Purpose != signUp:
		return "", ErrOver
	}
	who, _, err := d.at(ctx, proven.Point)
	if err != nil {
		return "", err
	}
	for _, p := range who {
		if p.PersonID() == proven.Person {
			return proven.Person, nil
		}
	}
	return "", ErrOver
}

// BirthDate settles who of several people at a proven number it is, in five tries after one code.
// first may be empty; ErrName asks for it. ErrWrong, ErrOver.
func (d *Doors) BirthDate(ctx context.Context, k Knock, birth, first string) (contacts.PersonID, error) {
	if k.Point == "" {
		return "", ErrOver
	}
	left, err := d.people.Try(ctx, k.Challenge)
	if errors.Is(err, contacts.ErrCodeOver) {
		return "", ErrOver
	}
	if err != nil {
		return "", fmt.Errorf("sign in: %w", err)
	}
	who, _, err := d.at(ctx, k.Point)
	if err != nil {
		return "", err
	}
	var found []contacts.Person
	for _, p := range who {
		if p.BirthDate != "" && p.BirthDate == birth {
			found = append(found, p)
		}
	}
	if len(found) > 1 && first != "" {
		var named []contacts.Person
		for _, p := range found {
			if strings.EqualFold(strings.TrimSpace(p.Given), strings.TrimSpace(first)) {
				named = append(named, p)
			}
		}
		found = named
	}
	switch {
	case len(found) == 1:
		return found[0].PersonID(), nil
	case left == 0:
		return "", ErrOver
	case len(found) > 1 && first == "":
		return "", ErrName
	}
	return "", ErrWrong
}

// at lists who may sign in at a point: those who put themselves or agreed to be in the registry.
// Somebody known from medical records alone has no page, but may be the one who holds the phone:
// alone says that nobody else at all is known at the point.
func (d *Doors) at(ctx context.Context, point string) (out []contacts.Person, alone bool, err error) {
	all, err := d.people.ByHash(ctx, point)
	if err != nil {
		return nil, false, fmt.Errorf("who has the number: %w", err)
	}
	for _, p := range all {
		if p.Basis.Kind != contacts.ByRecords && p.Deceased == "" {
			out = append(out, p)
		}
	}
	return out, len(all) == 1, nil
}

// theirs says whether a point is this person's own: they do not share it, and they have answered
// there before. A number that was mistyped when they signed up is some stranger's, who can read
// the codes sent to it.
func theirs(p contacts.Person, point string) bool {
	for _, pt := range p.Points {
		if pt.Hash == point {
			return !pt.Shared && !pt.Verified.IsZero()
		}
	}
	return false
}
