package contacts

// choosePoint returns the number or address that would be used, or why there is none. A point
// named in the question must still be the person's and still be good: a message planned last
// week does not go to a number quarantined since.
func (q *asking) choosePoint() (Point, Reason, bool) {
	if q.Channel == Letter {
		if q.p.Address.Line == "" {
			return Point{}, Reason{Code: CodeNoPoint, Text: q.who + " has no postal address here."}, true
		}
		return Point{}, Reason{}, false
	}
	if q.Ask.Point != nil {
		pt, found := q.p.samePoint(*q.Ask.Point)
		switch {
		case found:
		case q.Purpose == Requested: // a code to a number that is being added
			pt = *q.Ask.Point
		default:
			return *q.Ask.Point, Reason{Code: CodeNoPoint, Text: "This is no longer a number or address of " + q.who + "."}, true
		}
		r, no := q.unfit(pt)
		return pt, r, no
	}
	if q.Channel == ByEmail {
		if pt, ok := q.p.EmailPoint(); ok {
			return pt, Reason{}, false
		}
	} else if pt, ok := q.p.Phone(q.Channel == SMS); ok {
		return pt, Reason{}, false
	}
	// None fits: say what is wrong with the one that is nearest to it.
	var best Reason
	rank := -1
	for _, pt := range q.p.Points {
		if (pt.Kind == Email) != (q.Channel == ByEmail) {
			continue
		}
		r, _ := q.unfit(pt)
		score := 1
		if r.Code == CodeWrongNumber {
			score = 2
		}
		if score > rank {
			best, rank = r, score
		}
	}
	if rank >= 0 {
		return Point{}, best, true
	}
	what := "phone number"
	if q.Channel == ByEmail {
		what = "e-mail address"
	}
	return Point{}, Reason{Code: CodeNoPoint, Text: q.who + " has no " + what + " here."}, true
}

// unfit says why pt cannot be used for the channel asked about.
func (q *asking) unfit(pt Point) (Reason, bool) {
	noPoint := func(text string) (Reason, bool) {
		return Reason{Code: CodeNoPoint, Text: text, At: pt.StatusAt}, true
	}
	thing := q.who + "'s number"
	if pt.Kind == Email {
		thing = q.who + "'s e-mail address"
	}
	when := ""
	if !pt.StatusAt.IsZero() {
		when = " on " + q.day(pt.StatusAt)
	}
	switch {
	case (pt.Kind == Email) != (q.Channel == ByEmail):
		return noPoint(thing + " cannot be used to " + verb(q.Channel) + ".")
	case pt.Status == StatusWrong:
		return Reason{Code: CodeWrongNumber, Text: thing + " was reported wrong" + when + " and is set aside.", At: pt.StatusAt}, true
	case pt.Status == StatusInvalid:
		return noPoint(thing + " was refused as not in service" + when + ".")
	case pt.Status == StatusSuspect:
		return noPoint("E-mails to " + q.who + " came back" + when + ".")
	case pt.Status == StatusNoDial:
		return noPoint(thing + " is not one that can be dialled.")
	case pt.Status != "":
		return noPoint(thing + " is marked " + pt.Status + when + ".")
	case q.Channel == SMS && pt.Kind == Landline:
		return noPoint(thing + " is a landline, which cannot take texts.")
	case q.Channel == SMS && pt.NoText:
		return noPoint(thing + " cannot take texts.")
	}
	return Reason{}, false
}

// samePoint finds the person's own record of pt, by look-up hash, else by value.
func (p *Person) samePoint(pt Point) (Point, bool) {
	for _, x := range p.Points {
		if x.Hash != "" && x.Hash == pt.Hash || pt.Hash == "" && x.Value != "" && x.Value == pt.Value {
			return x, true
		}
	}
	return Point{}, false
}

// EmailPoint returns the e-mail address to use: preferred first. ok is false when there is none.
func (p *Person) EmailPoint() (pt Point, ok bool) {
	for _, x := range p.Points {
		if x.Kind == Email && x.Usable() && (!ok || x.Preferred && !pt.Preferred) {
			pt, ok = x, true
		}
	}
	return pt, ok
}
