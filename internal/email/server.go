package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	mail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"
)

// Server is the mail server that takes what we send.
type Server struct {
	Host           string
	Port           int
	User, Password string
	TLS            TLS
	Roots          *tls.Config // nil: the certificates this machine trusts; tests have their own
}

// TLS is how a connection is protected.
type TLS uint8

// StartTLS begins in clear and refuses to go on so; Implicit begins protected; None is for a mail
// server on this machine.
const (
	StartTLS TLS = iota
	Implicit
	None
)

// ErrServer says that a URL names no mail server.
var ErrServer = errors.New("is not a mail server such as smtp://USER:PASSWORD@mail.example.org:587 or smtps://mail.example.org:465")

// ParseServer reads smtp://USER:PASSWORD@HOST:PORT, where STARTTLS is asked for (but on this machine,
// without a user), or smtps://. The error never quotes the URL, which may hold a password.
func ParseServer(raw string) (Server, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" {
		return Server{}, ErrServer
	}
	s := Server{Host: u.Hostname(), User: u.User.Username()}
	s.Password, _ = u.User.Password()
	port := "587"
	switch u.Scheme {
	case "smtp":
		if s.User == "" && loopback(s.Host) {
			s.TLS, port = None, "25"
		}
	case "smtps":
		s.TLS, port = Implicit, "465"
	default:
		return Server{}, ErrServer
	}
	if s.Port, err = strconv.Atoi(cmp.Or(u.Port(), port)); err != nil || s.Port < 1 || s.Port > 65535 {
		return Server{}, ErrServer
	}
	if (s.User == "") != (s.Password == "") {
		return Server{}, fmt.Errorf("names a user without a password, or a password without a user; write a %% or @ in one of them as %%25 or %%40")
	}
	return s, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// connection is a mail server that greeted us and knows who we are.
type connection struct {
	client *mail.Client
	smtp   *smtp.Client
	raw    net.Conn
	stop   func() bool
}

// dial connects, protects the connection and signs in. Nothing outlives ctx.
func (s Server) dial(ctx context.Context) (*connection, error) {
	c := &connection{}
	// The library leaves the connection open when it cannot sign in, and hears of ctx only while it dials.
	dialer := func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		if s.TLS == Implicit {
			c.raw, err = (&tls.Dialer{Config: s.tls()}).DialContext(ctx, network, address)
		} else {
			c.raw, err = (&net.Dialer{}).DialContext(ctx, network, address)
		}
		if err != nil {
			return nil, err
		}
		conn := c.raw
		c.stop = context.AfterFunc(ctx, func() { conn.Close() })
		return conn, nil
	}
	options := []mail.Option{mail.WithPort(s.Port), mail.WithTimeout(timeLeft(ctx)), mail.WithTLSConfig(s.tls()), mail.WithoutNoop(), mail.WithoutRset(),
		mail.WithDialContextFunc(func(_ context.Context, network, address string) (net.Conn, error) {
			return dialer(ctx, network, address)
		})}
	switch s.TLS {
	case StartTLS:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	default: // protected already, or not at all
		options = append(options, mail.WithTLSPolicy(mail.NoTLS))
	}
	if s.User != "" {
		options = append(options, mail.WithUsername(s.User), mail.WithPassword(s.Password),
			mail.WithOpportunisticSMTPAuth(mail.SMTPAuthSCRAMSHA256, mail.SMTPAuthPlain, mail.SMTPAuthLogin))
	}
	var err error
	if c.client, err = mail.NewClient(s.Host, options...); err != nil {
		return nil, err
	}
	if c.smtp, err = c.client.DialToSMTPClientWithContext(ctx); err != nil {
		c.close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	return c, nil
}

func (s Server) tls() *tls.Config {
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if s.Roots != nil {
		c = s.Roots.Clone()
	}
	c.ServerName = s.Host
	return c
}

// timeLeft is what ctx leaves, at most ten seconds.
func timeLeft(ctx context.Context) time.Duration {
	left := 10 * time.Second
	if end, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(end))
	}
	return max(left, time.Millisecond)
}

// quit says goodbye and closes.
func (c *connection) quit() {
	_ = c.client.CloseWithSMTPClient(c.smtp) // what was to be done is done
	c.close()
}

func (c *connection) close() {
	if c.raw != nil {
		c.stop()
		c.raw.Close()
	}
}

// Try connects as a send would, and sends nothing.
func (s Server) Try(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := s.dial(ctx)
	if err != nil {
		return fmt.Errorf("mail server: %w", err)
	}
	c.quit()
	return nil
}
