package demo

import "github.com/muster-health/muster/portal/view"

// Step is one stop of the tour: what to do and what to see.
type Step struct {
	Title string
	Do    []string
	See   string
	Go    view.Link
}

// Steps is the tour as far as the product goes. phones is the address of the handsets.
func Steps(phones string) []Step {
	handset := func(n string) string { return phones + "/handset/" + n }
	return []Step{
		{"Be Dana", []string{
			"Open the asthma study and press “See if I may fit”.",
			"Dana is 20, has asthma, uses an inhaler, and is not sure about smoking.",
			"Give any name, the number 412-555-0123 and ZIP 15213. Tick what you would agree to.",
			"Open Dana's handset and copy the code.",
		}, "The last page says who calls, by when, and from which number.", view.Link{Label: "Studies", Href: "/studies"}},
		{"Be Ben: who fits", []string{
			"Sign in as Ben below and open CLEARWAY, then Candidates.",
			"Dana is there: possible, one thing unknown, and each other reason with its source and date.",
			"Press “Ask about smoking by text”: who gets it, who later, who not, and why. Send. Marcus answers by himself, and is eligible.",
		}, "Three kinds of people: eligible, possible, excluded, and what each criterion costs.", view.Link{Label: "Candidates", Href: "/staff/studies/CLEARWAY/candidates"}},
		{"The phone rings at the Delgados", []string{
			"Press “next event” in the bar above until 6:30 pm.",
			"Open the Delgados' handset and answer. You are Ernesto: press 2, not here. The call names nothing.",
			"Press “next event”: it rings again. You are Rosa: press 1, then her PIN.",
			"Enter 186. Then hang up, in the middle of the call.",
		}, "Every answer was stored when it was pressed.", view.Link{Label: "Delgado handset", Href: handset("+14125550110")}},
		{"Noor has the alert already", []string{
			"Open Noor's handset: the text is there, although the call was never finished. Reply 1 and its four digits.",
			"Sign in as Maria and open Alerts: answered, sent, delivered, acknowledged, each with its time.",
			"Press “next event”: Rosa's phone rings back and goes on at the next question.",
		}, "Nothing is asked twice.", view.Link{Label: "Noor's handset", Href: handset("+14125550102")}},
		{"Tomorrow's visit", []string{
			"Press “next event” until a visit reminder is on a handset. Reply 1.",
			"As Maria, open Visits: the line turns green.",
		}, "One reminder, in the person's own language and hours, and the answer on the board.", view.Link{Label: "Visits", Href: "/staff/visits"}},
		{"Luis", []string{
			"Unless it is booked by Thursday, his third visit is out of its window. As Maria, find Luis Herrera and press V3.",
			"Under “Offer times by text” give two times, and send.",
			"Open Luis's handset and reply 2.",
		}, "The visit is booked and on the board, and nobody had to call.", view.Link{Label: "Luis's handset", Href: handset("+14125550167")}},
		{"Try to make it misbehave", []string{
			"As Ben, find Keisha Morton and try to text her.",
			"As Lee, of the Mesa Ridge site, look for Rosa: not found.",
			"In a terminal: muster audit verify --data-dir ./data",
		}, "Refused, with the date and words of her STOP.", view.Link{Label: "People", Href: "/staff/people"}},
		{"Encore: fourteen weeks in seconds", []string{
			"As anybody, open STEADY and press Rehearse: choose who takes part and how they answer, then play.",
			"Try a red flag in entry 5, or STOP in week 2.",
			"Play ORCHARD with somebody in Honolulu, as Alma Keoni: the call is at nine in her morning.",
		}, "Every text and call with its words, what had to wait and why, where it would not go on, and what it would cost.", view.Link{Label: "Rehearse STEADY", Href: "/staff/studies/STEADY/rehearse"}},
	}
}
