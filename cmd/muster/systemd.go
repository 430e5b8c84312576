package main

import (
	"context"
	"net"
	"os"
	"strconv"
	"time"
)

// tell says to systemd how the service is: READY=1, STOPPING=1, WATCHDOG=1. Elsewhere it does
// nothing. Source: sd_notify(3): one datagram to the socket that $NOTIFY_SOCKET names, where a
// leading @ stands for the abstract name space.
func (s *server) tell(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	conn, err := net.Dial("unixgram", path)
	if err == nil {
		_, err = conn.Write([]byte(state))
		conn.Close()
	}
	if err != nil {
		s.log.Warn("systemd was not told", "state", state, "err", err)
	}
}

// watchdog tells systemd twice in each watchdog time that the site still answers, until ctx ends.
// A process that hangs stops saying so, and is started again. Source: sd_watchdog_enabled(3).
func (s *server) watchdog(ctx context.Context) {
	every := watchdogTime(os.Getenv("WATCHDOG_USEC"), os.Getenv("WATCHDOG_PID"))
	if every == 0 {
		return
	}
	t := time.NewTicker(every / 2)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			if err := askHealth(ctx, s.config, every/4); err != nil {
				s.log.Error("the site does not answer itself", "err", err)
				continue
			}
			s.tell("WATCHDOG=1")
		}
	}
}

// watchdogTime is the time systemd allows between two signs of life; 0: it wants none from this process.
func watchdogTime(usec, pid string) time.Duration {
	n, err := strconv.ParseInt(usec, 10, 64)
	if err != nil || n <= 0 || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0
	}
	return time.Duration(n) * time.Microsecond
}
