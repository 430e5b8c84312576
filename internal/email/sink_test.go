package email_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/muster-health/muster/internal/email"
)

// sink is a mail server on this machine. It keeps what it takes, and does with it what it is told.
type sink struct {
	email.Server
	mu     sync.Mutex
	taken  []taken
	asked  int             // connections
	mail   *smtp.SMTPError // the answer to MAIL, nil: yes
	rcpt   map[string]*smtp.SMTPError
	data   *smtp.SMTPError // the answer after the text
	vanish bool            // hang up when the text has come, without an answer
	after  bool            // … but keep it
	slow   chan struct{}   // wait for it before the answer to RCPT
	conns  []net.Conn
}

type taken struct{ From, To, User, Text string }

const user, password = "muster", "p@ss%word"

// newSink starts a mail server that wants STARTTLS and a password, or TLS from the beginning.
func newSink(t *testing.T, implicit bool) *sink {
	t.Helper()
	cert, roots := certificate(t)
	s := &sink{rcpt: map[string]*smtp.SMTPError{}}
	srv := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked++
		s.conns = append(s.conns, c.Conn())
		return &visit{sink: s, conn: c}, nil
	}))
	srv.Domain, srv.TLSConfig = "localhost", &tls.Config{Certificates: []tls.Certificate{cert}}
	srv.ErrorLog = silent{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.Server = email.Server{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port, User: user, Password: password, Roots: &tls.Config{RootCAs: roots}}
	if implicit {
		l, s.TLS = tls.NewListener(l, srv.TLSConfig), email.Implicit
	}
	ended := make(chan struct{})
	go func() { _ = srv.Serve(l); close(ended) }()
	t.Cleanup(func() { srv.Close(); <-ended })
	return s
}

func (s *sink) all() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]taken(nil), s.taken...)
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

type visit struct {
	sink           *sink
	conn           *smtp.Conn
	user, from, to string
}

func (v *visit) AuthMechanisms() []string { return []string{sasl.Plain} }

func (v *visit) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, secret string) error {
		if name != user || secret != password {
			return smtp.ErrAuthFailed
		}
		v.user = name
		return nil
	}), nil
}

func (v *visit) Mail(from string, _ *smtp.MailOptions) error {
	if v.user == "" {
		return smtp.ErrAuthRequired
	}
	if v.sink.mail != nil {
		return v.sink.mail
	}
	v.from = from
	return nil
}

func (v *visit) Rcpt(to string, _ *smtp.RcptOptions) error {
	if v.sink.slow != nil {
		<-v.sink.slow
	}
	if no := v.sink.rcpt[to]; no != nil {
		return no
	}
	v.to = to
	return nil
}

func (v *visit) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s := v.sink
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data == nil && (!s.vanish || s.after) {
		s.taken = append(s.taken, taken{v.from, v.to, v.user, string(text)})
	}
	if s.vanish {
		v.conn.Conn().Close()
		return errors.New("gone")
	}
	if s.data != nil {
		return s.data
	}
	return nil
}

func (v *visit) Reset()        {}
func (v *visit) Logout() error { return nil }

func answer(code int, a, b, c int) *smtp.SMTPError {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{a, b, c}, Message: "no"}
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sink"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, pool
}
