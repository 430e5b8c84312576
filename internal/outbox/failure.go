package outbox

import (
	"errors"
	"fmt"
	"time"
)

type class uint8

const (
	ambiguous class = iota // the zero value: nothing is known
	refused
	retryable
)

// Failure is why a send did not succeed, and what that means for the next try.
type Failure struct {
	class class
	after time.Duration
	alone bool   // put off this message alone
	halt  Scope  // the account or the channel is refused, not the message
	Code  string // the provider's, if it gave one
	Err   error
}

// Refuse: the provider took the request and said no for good. It does not have the message.
func Refuse(code string, err error) error { return &Failure{class: refused, Code: code, Err: err} }

// Retry: the provider surely does not have the message and may take it later, after the given
// time (0: as the box thinks). Nothing of this kind is sent until then.
func Retry(after time.Duration, code string, err error) error {
	return &Failure{class: retryable, after: after, Code: code, Err: err}
}

// RetryAlone is Retry where the provider would take other messages now: a mailbox that is full holds
// up nobody else's.
func RetryAlone(code string, err error) error {
	return &Failure{class: retryable, alone: true, Code: code, Err: err}
}

// Hold is Retry for this message alone: others go on.
func Hold(after time.Duration, code string, err error) error {
	return &Failure{class: retryable, after: after, alone: true, Code: code, Err: err}
}

// Stop is Retry for everything in a scope, until one message is taken again.
func Stop(s Scope, code string, err error) error {
	return &Failure{class: retryable, alone: true, halt: s, Code: code, Err: err}
}

// Ambiguous: the provider may have the message: no answer, or one that cannot be read.
func Ambiguous(err error) error { return &Failure{class: ambiguous, Err: err} }

func (f *Failure) Error() string {
	word := [...]string{"outcome unknown", "refused", "try later"}[f.class]
	if f.Code != "" {
		word += " (" + f.Code + ")"
	}
	if f.Err == nil {
		return word
	}
	return fmt.Sprintf("%s: %v", word, f.Err)
}

func (f *Failure) Unwrap() error { return f.Err }

// failure reads err as one; what is no Failure is ambiguous.
func failure(err error) *Failure {
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	return &Failure{Err: err}
}

// backOff is the pause before try n+1: 5 s, doubled each time, at most 10 minutes.
func backOff(n int) time.Duration {
	return min(5*time.Second<<min(max(n-1, 0), 10), 10*time.Minute)
}

// Alone says whether err puts off its own message and no other.
func Alone(err error) bool {
	f := failure(err)
	return f.class == retryable && f.alone
}
