package mongodoc

import (
	"errors"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// A server whose clock is elsewhere is told apart from one that does not answer.
func TestSkew(t *testing.T) {
	now := time.Date(2026, 3, 2, 14, 5, 0, 0, time.UTC)
	hello := func(at time.Time) bson.D { return bson.D{{Key: "ok", Value: 1}, {Key: "localTime", Value: at}} }
	for _, x := range []struct {
		name  string
		reply bson.D
		skew  time.Duration
		err   error
	}{
		{"the same", hello(now), 0, nil},
		{"nine seconds ahead", hello(now.Add(9 * time.Second)), 9 * time.Second, nil},
		{"eleven seconds behind", hello(now.Add(-11 * time.Second)), -11 * time.Second, ErrSkew},
		{"not told", bson.D{{Key: "ok", Value: 1}}, 0, nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := play(t, x.reply, x.reply)
			s.wall = func() time.Time { return now }
			if skew, err := s.Skew(t.Context()); err != nil || skew != x.skew {
				t.Errorf("skew %v, %v, want %v", skew, err, x.skew)
			}
			if err := s.Ping(t.Context()); !errors.Is(err, x.err) {
				t.Errorf("ping %v, want %v", err, x.err)
			}
		})
	}
	s := play(t, failure(91))
	if err := s.Ping(t.Context()); err == nil || errors.Is(err, ErrSkew) {
		t.Errorf("a server that fails: %v", err)
	}
}
