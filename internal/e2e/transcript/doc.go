// Package transcript plays conversations written as text files against the whole core: people,
// studies, calls and texts, with a clock that stands still until it is moved. A file says one
// event a line:
//
//	self                      the application answers STOP itself (first line only)
//	advanced                  the carrier does, and says what it made of a text (first line only)
//	at 2026-03-02 18:31       move the clock (Eastern)
//	tick                      plan what is due, and deliver
//	text NUMBER: words        a text comes in; the "< words" lines that follow are all the replies,
//	                          with | for a new line
//	again                     the same text once more
//	lost NUMBER: words        a text to us whose webhook does not arrive
//	readLog                   what the carrier has and did not tell is taken in
//	answer NUMBER [machine|fax]   our last call to the number is picked up
//	unanswered NUMBER busy    our last call to the number is not (busy, no-answer, failed)
//	dial NUMBER               the number calls us; "withheld" has none
//	press KEYS | silence      on the call
//	repeat                    the last event of a call arrives once more
//	press-step N KEYS         keys for an earlier question of the call arrive now
//	dialed completed          somebody at the office took the call of somebody put through, and hung
//	                          up later (or: a machine picked up there; no-answer)
//	end                       the caller hangs up
//	say WORDS                 the caller says something after the tone, and presses a key
//	cut WORDS                 the same, and hangs up instead
//	told                      the carrier tells of the last recording once more
//	fetch                     recordings are fetched
//	hear words | not words    what the call said since the last key holds them, or does not
//	waits N                   the call waits so many seconds for a key
//	slowly | usual            how fast the last words were spoken
//	ended                     the call is over
//	sent NUMBER: words        a text of ours to the number holds them
//	sent NUMBER times N       how many texts and calls of ours went to the number
//	recordings STATE N        how many there are
//	alerts N | tasks KIND N | answers N | declined N | unread N
//	reply NAME V2 confirmed   what the visit's reminder was answered with
//	stopped NUMBER            nobody with the number may be texted
//	reached NUMBER            everybody with the number may be
//	join NAME NUMBER [ZONE]   somebody more is in the study
//	book NAME V2 DAY CLOCK    and cancel NAME V2
//	offer NAME V2 DAY CLOCK [DAY CLOCK]  times are offered by text
//	agree NAME                to health questions by text
//	died NAME                 staff record a death
//	unsubscribe NUMBER        the page to stop messages is used for the number
//	callAt NAME 19:15         wants the diary's call at another time
//	skips NAME Sun            takes no messages on that day of the week
//	wishes NAME from=10:00 to=18:00 remind=voice away=2026-03-10..2026-03-12  all they choose; the rest is as the study does it
//	slow NAME                 needs twice the time for keys
//	practice NAME             staff start a practice call
//	code NUMBER               somebody asks for a code by call
//	codeWord 10               a text names a word so many minutes before a call; checks may say {NAME's word}
//	answersByText             the study's board allows answers by text
//	pin NAME 6038             staff set somebody's PIN
//	web NAME 120              answers the next question that is due on their page
//	diaryTo 23:30             until when an entry can be made
//	records                   the study takes recordings, and asks questions in own words
//	reAsks N                  how often it asks a question again by text
//	also orchard-weekly voice web  the study asks a second questionnaire at the same hours
//	stored                    staff publish a questionnaire of their own, "measures": a number in one of
//	                          two units, several numbers, and a moment
//	narrate es WORDS          somebody's recorded voice reads these words of the study; where it is
//	                          heard, "♪" stands before them
//	unnarrate es WORDS        the recording is taken away
//	edition 2.0.0             the program brings the diary's questionnaire in a new version, each of
//	                          whose questions begins with it
//	identity answers only     how the study wants people to be known
//	second                    a second study, STRIDE, has two sites, main and north
//	elsewhere NAME NUMBER SITE  somebody is in it at one of them, with PIN 7305
//	asks pain-scale           the study asks another questionnaire, without red flags
//	both NAME                 somebody is in the second study too
//	diaryToo                  the second study asks something too
//	channels voice web        how the study asks
//
// The same files are played on two lines: straight into the operator (Direct), and through the
// simulated phone network with signed webhooks (package simulated).
package transcript
