package transcript

// readLog reads the carrier's log to its end, and sends what is owed for it.
func (p *player) readLog() {
	p.Helper()
	for more := true; more; {
		var err error
		more, err = p.r.Operator.ReadLog(p.ctx(), p.r.Log)
		p.must(err)
	}
	p.r.Deliver(p)
}
