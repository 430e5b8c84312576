package trial

import (
	"fmt"

	"github.com/muster-health/muster/internal/phone"
)

// What becomes of a red flag while nobody is on call (F18).
const (
	SendEverybody = "everybody"
	SendNobody    = "nobody"
)

// checkOnCall looks at who is on call, when, and what happens else.
func (s *Study) checkOnCall(p *problems) {
	names := map[string]bool{}
	for i, x := range s.OnCall {
		at := fmt.Sprintf("onCall[%d].", i)
		_, err := phone.Parse(x.Phone, "US")
		p.when(err != nil, at+"phone", "cannot be dialled")
		p.when(x.Name != "" && names[x.Name], at+"name", "%q stands there twice: shifts and records tell people apart by it", x.Name)
		names[x.Name] = true
		switch x.Hours {
		case Always, "":
		case ByShift:
			p.when(x.Name == "", at+"name", "is required: shifts name who is on call")
			p.when(s.OnCallHours == "", "onCallHours", "is required, since %s is on call by shifts alone: write always, or the hours in which somebody is promised, such as Mon-Sun 08:00-20:00", x.Name)
		default:
			p.hours(at+"hours", x.Hours)
		}
	}
	if s.OnCallHours != Always {
		p.hours("onCallHours", s.OnCallHours)
	}
	switch s.OutOfHoursSend {
	case "", SendEverybody, SendNobody:
	default:
		p.when(true, "outOfHoursSend", "%q: use everybody or nobody", s.OutOfHoursSend)
	}
	p.when(s.EscalateMinutes < 0 || s.EscalateMinutes > 60, "escalateMinutes", "%d: minutes before the next person is sent for, 1 to 60, or leave it out for 5", s.EscalateMinutes)
}
