// Package phonesim stands in for Twilio on one computer. It speaks the part of
// Twilio's REST API that an application for texts and calls needs, plays TwiML,
// posts signed webhooks, has a clock that can be moved, faults that can be
// switched on, and shows the handsets of fictional people in a browser.
//
// Nothing leaves the computer: the handler answers only loopback peers, and
// webhooks are delivered only to loopback addresses.
//
// What is imitated and what is not is listed in README.md of this folder.
package phonesim
