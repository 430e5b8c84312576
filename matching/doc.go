// Package matching says who fits a study and which studies fit a person, each with the reason
// for every criterion.
//
// It knows people and their facts from contacts, and studies from its own small interface. The
// judgement itself is in eval, which is pure; this package brings a person into the form eval
// reads, counts what each criterion costs, and puts candidates in the order they should be called.
//
// Who is counted: everybody in the registry but practice people and erased ones; somebody held
// under a waiver only for its study (F3). People from medical records are counted and listed, and
// marked CountsOnly. Who has died by the day is excluded, whatever the criteria say.
//
// Nothing here sends anything or says who somebody is: results carry ids (F7).
package matching
