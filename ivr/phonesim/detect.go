package phonesim

import (
	"strconv"
	"time"
)

// answeredBy is what answering machine detection finds.
func (c *call) answeredBy() string {
	switch {
	case c.Fax:
		return "fax"
	case !c.Machine:
		return "human"
	case c.Detect == "DetectMessageEnd":
		return "machine_end_beep"
	}
	return "machine_start"
}

// machineDetected sends the result of asynchronous detection.
func (s *Simulator) machineDetected(c *call) {
	c.AnsweredBy = c.answeredBy()
	wait := detectHuman
	if c.Machine {
		wait = detectMachine
	}
	s.enqueue(job{Kind: jobStatus, SID: c.SID, URL: c.AsyncAMD, phone: c.Phone, Params: map[string]string{
		"CallSid": c.SID, "AccountSid": s.opt.AccountSID, "AnsweredBy": c.AnsweredBy,
		"MachineDetectionDuration": strconv.Itoa(int(wait / time.Millisecond))}})
}
