// Package e2e tries the whole product as people meet it: the real binary, a simulated phone
// network as a process of its own, and a browser. The journeys are written once against the
// visitor interface and walked twice: in headless Chromium, and by plain requests without
// JavaScript. MUSTER_E2E_SHOTS names a folder for pictures of the main pages.
package e2e
