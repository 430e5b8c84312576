// Package criteria reads and writes a study's eligibility rules, the tree of matching/eval, in
// three forms that say exactly the same: YAML for files, a text form for people and a FHIR R4
// Group for other systems. It is pure.
//
// The parsers report every problem they find with its line and key, or its path in the Group,
// refuse what they do not know, and suggest the nearest word. The printers are canonical: equal
// trees print to equal bytes, and what is printed reads back as the same tree.
//
// # YAML
//
//	study: MUS-0042
//	version: 3
//	asOf: screening
//	criteria:
//	  - {id: I01, text: "Aged 40 to 75", kind: age, range: [40, 75]}
//	  - {id: I02, kind: distance, site: any, max: 80, unit: km}
//	  - {id: I05, kind: lab, code: loinc|4548-4, range: [7, 10.5], unit: "%", within: P180D}
//	  - {id: I08, kind: condition, code: icd10|E11, descendants: true, onset: {atLeastAgo: P365D}}
//	  - {id: E03, kind: condition, code: snomed|230690007, within: P6M, exclude: true}
//	  - {id: I13, kind: medication, codes: [rxnorm|6809, rxnorm|860975], within: P90D}
//	  - {id: E06, kind: pregnancy, exclude: true, appliesTo: female, sensitivity: sensitive}
//	  - {id: I20, any: [{kind: language, in: [en, es]}, {kind: interpreter}]}
//	notEncoded: ["Able to follow the visit plan"]
//
// Value sets of the study's own stand beside them, each version under a name of its own:
//
//	valueSets:
//	  - {set: vs/blood-thinners@1, title: …, source: …, descendants: true, codes: [icd10|Z79.01]}
//
// # Text
//
// One criterion a line: an id, "not" for an exclusion, the kind, what the kind needs, then
// options by name. A group's members are indented under it. # begins a comment.
//
//	study MUS-0042
//	version 3
//	as of screening
//
//	I01 age 40..75 text "Aged 40 to 75"
//	I02 distance any ..80 km
//	I05 lab loinc|4548-4 7..10.5 % within P180D
//	I08 condition icd10|E11 descendants atLeastAgo P365D
//	E03 not condition snomed|230690007 within P6M
//	I13 medication rxnorm|6809, rxnorm|860975 within P90D
//	E06 not pregnancy appliesTo female sensitivity sensitive
//	I20 any
//	  language en, es
//	  interpreter
//	not encoded "Able to follow the visit plan"
//	valueSet vs/blood-thinners@1 icd10|Z79.01 descendants title … source …
//
// # Keys of a criterion
//
//	id, text, name       the protocol's number and words; a short name such as stroke
//	exclude              true: the statement must not hold ("not" in the text form)
//	missing              what an unknown counts as: ask (the default), fail or pass
//	sensitivity          plain (the default), personal or sensitive
//	question             the question that settles it
//	appliesTo            female or male (sex at birth); nobody else is held to it
//	range, min, max      bounds, which belong to the range unless exclusive: min, max or both
//	                     ("40..75", "..80", ">30..", "..<5" in the text form)
//	unit                 UCUM; for age a (the default), mo, wk or d; for distance km or [mi_i]
//	code, codes          system|code, any of them: loinc snomed rxnorm icd10 muster
//	valueSet             a named list of codes in a version, in place of code: vs/stroke@2 ("vs/stroke@2"
//	                     where the codes stand in the text form)
//	descendants          icd10 only: also the codes under them
//	within               window back from the day: P90D, P6M, P1Y. For a condition the day it
//	                     began lies in it; for a medicine it was taken in it
//	atLeastAgo           began, or for lastVisit was, at least so long ago
//	onset                {within, atLeastAgo} of a condition, as another way to write them
//	ever, active         also past ones; with within, only those not over yet
//	pick                 latest (the default), any, min or max of several measurements
//	site                 distance: any (the default) or one site
//	value, in            what it must be: one, or one of several
//	any, all, of         lists of criteria; atLeast: 2 with of: […]; not: {…} is exclude
//
// # Kinds
//
//	age distance            range
//	sex gender language     value or in (language en, es)
//	device                  mobile (their own), phone, web
//	interpreter             wants one
//	availability            any of weekday-morning, weekday-afternoon, weekday-evening, weekend
//	lastVisit               within, atLeastAgo or both; unknown of people who have none on record
//	lab                     code, range, unit, within, pick; "observation" is the same
//	condition medication    code, within, atLeastAgo, ever; condition also active, descendants
//	allergy procedure       code, within, ever
//	pregnancy               within (ten months unless given), usually with appliesTo: female
//	smoking                 current, former, never; within
//	otherTrial              in another study now, or within
//	answer                  code with value, in or range; within
//	any all atLeast         groups
//
// # FHIR
//
// Group writes and ParseGroup reads a Group of people with actual false, FHIR 4.0.1. Its
// identifier of the system urn:muster:criteria:study is the study. Each criterion is a
// characteristic; its id is the criterion's. Systems without a URL here are the kind's name
// under urn:muster:criteria:.
//
//	kind                    code                        value[x]
//	age distance            the kind                    Quantity with comparator, or Range; UCUM
//	lab                     what is measured            the same
//	condition … procedure   the kind                    CodeableConcept: any of its codings
//	sex, gender, smoking,   the kind                    CodeableConcept: any of its codings; words
//	language, device,                                   that can be no code are a display
//	availability
//	pregnancy, interpreter, the kind                    boolean true
//	otherTrial, lastVisit
//	answer                  the fact; extension kind    CodeableConcept, Quantity or Range
//	valueSet of any         in place of the codes, one coding of the system urn:muster:criteria:valueSet
//	any all atLeast         group                       Reference to a contained Group with
//	                                                    combinationMethod any-of, all-of, at-least
//	                                                    and combinationThreshold
//
// The other keys are extensions under urn:muster:criteria: with the key's name: text, name,
// sensitivity, question; on the Group version, asOf, notEncoded, valueSet (a line of the text form).
// Those that change who is meant are modifierExtensions: site, descendants, exclusive (of a Range),
// within, atLeastAgo, ever, active, pick, missing, appliesTo, combinationMethod, combinationThreshold.
package criteria
