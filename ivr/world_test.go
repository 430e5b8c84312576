package ivr_test

import "github.com/muster-health/muster/internal/i18n"

func langOf(s string) i18n.Lang { return i18n.Lang(s) }

const transcriptStudy = `
id: STEADY
title: {en: "Does the time of day matter?"}
neutralName: {en: the Larkfield research office, es: la oficina de investigación de Larkfield}
keyword: PINE
state: open
recruitmentOpen: true
enrolmentOpen: true
board: {name: Board, number: LUH-1, approved: "2026-01-01", expires: "2026-12-31"}
enrolmentPoint: randomized
sites: [{id: main, name: Main, zip: "15213", zone: America/New_York, phone: 412-555-0101, hours: "Mon-Fri 08:00-17:00"}]
visits:
  - {code: V1, day: 0}
  - {code: V2, day: 14, early: 3, late: 3}
diary:
  questionnaire: steady-evening
  from: "18:00"
  to: "22:00"
  days: before-visit:7
  channels: [voice, web]
  callAt: "18:30"
  retries: 3
  redFlags: [{item: upper, op: ">=", value: "180", level: urgent}]
  safetyText: {en: Call 911 if you feel very unwell., es: Llame al 911 si se siente muy mal.}
onCall: [{name: Noor Haddad, phone: 412-555-0102}]
outOfHours: Noor is on call around the clock.
promise: {caller: Maria, number: 412-555-0100, hours: 8}
`
