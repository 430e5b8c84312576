// Package docscheck keeps the pages of docs true: what they list of collections, fields, indexes,
// settings and metrics is compared with the program. It has no code, only tests.
//
// The tables between "<!-- made: … -->" marks are written by the tests themselves:
//
//	MUSTER_GOLDEN=write go test ./internal/docscheck
package docscheck
