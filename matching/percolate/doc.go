// Package percolate answers, for one person, which of many studies they are eligible or possible
// for, exactly as eval.Evaluate would.
//
// An Index is for a day, and can be turned to another. What a study's criteria look at is split into
// attributes: the age, the language, the latest HbA1c of 180 days, the distance from a home. Two people
// who are alike in an attribute (a cell of it) fail the same studies there, so a cell keeps two sets of
// studies: those that surely fail, and those for which the outcome is unknown. The cells of a person
// are joined, and what is left is decided.
//
// No rule of eval is written again here: a cell is filled by asking eval about the first person who
// falls into it, and where a number or a birth date falls into another cell is found by trying eval
// (see cuts.go). What is no matter of one attribute (groups, several values of which none is surely
// the latest) is asked of eval for the studies that are left, once for each different criterion.
//
// Codes on lists are many, and a person has few. For each code and state of a fact there is a cell
// too; and each study waits under one code it requires, its pivot: who has a complete list without
// that is out. Sets say as well what a list leaves unknown, so that few studies must be looked at.
package percolate
