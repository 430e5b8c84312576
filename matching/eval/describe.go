package eval

// Describe says what a criterion asks for, in one line: "HbA1c 7.0–10.5 %, latest within 180
// days", "No stroke that began within 6 months".
func Describe(c Criterion, say Lookup) string {
	w := newWriter(say)
	w.statement(&c)
	w.capital(0)
	return string(w.b)
}

func (w *writer) statement(c *Criterion) {
	if c.Exclude {
		w.fill(w.say["describe.not"], func(name string) bool {
			if name == "statement" {
				w.asked(c)
			}
			return name == "statement"
		})
	} else {
		w.asked(c)
	}
	if c.AppliesTo != "" {
		w.add(" (")
		w.fill(w.say["describe.appliesTo"], func(name string) bool {
			if name == "sex" {
				w.word(c.AppliesTo)
			}
			return name == "sex"
		})
		w.add(")")
	}
}

// asked writes what a criterion asks for, exclusion aside.
func (w *writer) asked(c *Criterion) {
	switch {
	case c.Kind.Group():
		w.group(c)
		w.add(": ")
		for i := range c.Of {
			if i > 0 {
				w.add("; ")
			}
			w.statement(&c.Of[i])
		}
	case c.Kind == Distance && (c.Site == "any" || c.Site == ""):
		w.fill(w.say["describe.distance.any"], func(name string) bool { return w.asks(c, name) })
	default:
		w.fill(w.text("describe.", string(c.Kind)), func(name string) bool { return w.asks(c, name) })
	}
	if c.Kind == Lab {
		pick := c.Pick
		if pick == PickLatest {
			pick = "latest"
		}
		w.add(" ")
		w.add(w.text("pick.", string(pick)).String())
	}
	if c.Ever && c.Kind.Coded() {
		w.add(" ")
		w.add(w.say["describe.ever"].String())
	}
	if !c.Within.IsZero() && c.Kind != LastVisit {
		key := "describe.within"
		switch c.Kind {
		case Condition, Allergy:
			key = "describe.began"
		case OtherTrial:
			key = "describe.overlaps"
		}
		w.add(" ")
		w.window(key, c.Within)
	}
	if !c.AtLeastAgo.IsZero() && c.Kind != LastVisit {
		w.add(" ")
		w.window("describe.ago", c.AtLeastAgo)
	}
}

// asks writes a part of what a criterion asks for; false: it has no such part.
func (w *writer) asks(c *Criterion, part string) bool {
	switch part {
	case "name":
		w.name(c, nil)
	case "range":
		w.bounds(c.Range, c.Unit)
	case "wanted":
		if c.Kind == Answer && !c.Range.IsZero() {
			w.bounds(c.Range, c.Unit)
		} else {
			w.words(c.In)
		}
	case "since":
		w.since(c)
	case "site":
		w.add(c.Site)
	default:
		return false
	}
	return true
}

// since writes how long ago a last visit must lie: "within 2 years and at least 30 days ago".
func (w *writer) since(c *Criterion) {
	if !c.Within.IsZero() {
		w.window("describe.within", c.Within)
	}
	if !c.Within.IsZero() && !c.AtLeastAgo.IsZero() {
		w.add(" ")
		w.add(w.say["range.and"].String())
		w.add(" ")
	}
	if !c.AtLeastAgo.IsZero() {
		w.window("describe.ago.lastVisit", c.AtLeastAgo)
	}
}

func (w *writer) window(key string, p Period) {
	w.fill(w.say[key], func(name string) bool {
		if name == "window" {
			w.period(p)
		}
		return name == "window"
	})
}

func (w *writer) group(c *Criterion) {
	w.fill(w.text("group.", string(c.Kind)), func(name string) bool {
		if name == "n" {
			w.whole(c.N)
		}
		return name == "n"
	})
}
