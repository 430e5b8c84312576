-- Holds everybody in the tables against the one study in them. It was written from what the
-- documentation of package eval says, not from its code. Truths are -1, 0 and 1, so that and is
-- min, or is max and not is the sign. A day is text, "2026-02-03"; '' is before every day.
CREATE TABLE ask AS SELECT id AS study, asof FROM study;

-- Criteria with the first day of their windows.
CREATE TABLE rule AS
  SELECT c.*, asof, study,
    coalesce(date(asof, '-' || CASE WHEN kind = 'pregnancy' AND NOT windowed THEN 10 ELSE within_months END || ' months', 'floor',
                  '-' || within_days || ' days'), '') AS start0,
    CASE WHEN ago_months + ago_days > 0 THEN date(asof, '-' || ago_months || ' months', 'floor', '-' || ago_days || ' days') END AS ago
  FROM (SELECT *, within_months + within_days > 0 AS windowed FROM criterion) c, ask;
CREATE TABLE rules AS
  SELECT *, CASE WHEN windowed OR kind = 'pregnancy' THEN start0 ELSE '' END AS start FROM rule;

-- Whoever the study may be held against, as it may see them.
CREATE TABLE seen AS
  SELECT o.*, asof, coalesce(nullif(o.sex, 'unknown'), '') AS known_sex
  FROM person p, ask, own o ON o.person = p.id
  WHERE NOT p.settled AND p.waiver IN ('', ask.study)
    AND o.study = coalesce((SELECT x.study FROM own x WHERE x.person = p.id AND x.study = ask.study), '');

-- The days a written date can be; what is no date is not in here.
CREATE TABLE written AS
  WITH x(d) AS (SELECT birth FROM own UNION SELECT visit FROM own UNION SELECT died FROM own UNION SELECT asked FROM own
  UNION SELECT date FROM fact UNION SELECT noted FROM fact UNION SELECT over FROM fact
  UNION SELECT since FROM stretch UNION SELECT until FROM stretch UNION SELECT since FROM busy UNION SELECT until FROM busy)
  SELECT * FROM x;
CREATE TABLE spans AS
  SELECT d, d || substr('0000-01-01', length(d) + 1) AS first FROM written
  WHERE (d GLOB '[0-9][0-9][0-9][0-9]' OR d GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]' OR d GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]')
    AND d >= '0001';
CREATE TABLE calendar AS
  SELECT d, first, CASE length(d) WHEN 4 THEN d || '-12-31' WHEN 7 THEN date(first, '+1 month', '-1 day') ELSE d END AS last
  FROM spans WHERE date(first, '+0 days') = first;

-- Facts there were on the day. What was dated and recorded later did not exist.
CREATE TABLE existing AS
  SELECT f.*, s.asof, CASE WHEN f.date <> '' THEN f.date ELSE f.noted END AS stated
  FROM fact f JOIN seen s ON s.person = f.person AND s.study = f.study;
CREATE TABLE facts AS
  SELECT f.*,
    -- Of measurements: undated and future ones can be of any day so far; else what lies before the day.
    CASE WHEN d.first <= f.asof THEN d.first ELSE '' END AS first,
    CASE WHEN d.first <= f.asof THEN min(d.last, f.asof) ELSE f.asof END AS last,
    coalesce(d.first = d.last AND d.first <= f.asof, 0) AS precise,
    -- Of lists: when it began. A record with an onset says so; anything else that it was so by then.
    coalesce(w.first > f.asof, 0) AS future,
    CASE WHEN w.first <= f.asof THEN
      CASE WHEN f.kind <> 'answer' AND d.d IS NOT NULL THEN d.first
           WHEN f.back_months + f.back_days > 0 THEN date(d.first, '-' || f.back_months || ' months', 'floor', '-' || f.back_days || ' days')
           ELSE '' END
      ELSE '' END AS began_first,
    CASE WHEN w.first <= f.asof THEN min(w.last, f.asof) ELSE f.asof END AS began_last,
    -- Whether it goes on: an end that may have come leaves it open.
    CASE WHEN e.last <= f.asof THEN -1 WHEN e.first > f.asof THEN 1 WHEN e.d IS NOT NULL THEN 0
         WHEN f.status IN ('resolved', 'inactive', 'remission', 'stopped', 'completed', 'cancelled') THEN -1
         ELSE 1 END AS current,
    e.first AS end_first, e.last AS end_last
  FROM existing f
  LEFT JOIN calendar d ON d.d = f.date
  LEFT JOIN calendar w ON w.d = CASE WHEN f.kind = 'answer' OR d.d IS NOT NULL THEN f.date ELSE f.noted END
  LEFT JOIN calendar e ON e.d = f.over
  LEFT JOIN calendar st ON st.d = f.stated
  WHERE NOT (coalesce(st.first > f.asof, 0) AND f.recorded <> 0 AND date(f.recorded, 'unixepoch') > f.asof);

-- What is said of a code, and for how far back a no holds.
CREATE TABLE mentions AS
  SELECT r.*, k.code AS wanted, f.person, f.stated, f.yes, f.future, f.began_first, f.began_last, f.current, f.end_first, f.end_last,
    f.back_months + f.back_days = 0
      OR r.windowed AND d.first IS NOT NULL AND date(d.first, '-' || f.back_months || ' months', 'floor', '-' || f.back_days || ' days') <= r.start AS reaches
  FROM rules r JOIN criterion_code k ON k.criterion = r.n JOIN facts f ON f.kind IN (r.kind, 'answer')
  LEFT JOIN calendar d ON d.d = f.date
  WHERE r.kind IN ('condition', 'medication', 'allergy', 'procedure')
    AND CASE WHEN f.yes = 0 THEN
        -- A no to E11 is a no to E11.9; a yes to E11.9 is a yes to E11.
        f.code = k.code OR r.descendants AND f.code LIKE 'icd10|___%' AND instr(replace(k.code, '.', ''), replace(f.code, '.', '')) = 1
      ELSE (f.kind <> 'answer' OR f.yes = 1)
        AND (f.code = k.code OR r.descendants AND k.code LIKE 'icd10|___%' AND instr(replace(f.code, '.', ''), replace(k.code, '.', '')) = 1)
      END;
CREATE TABLE dated AS
  SELECT *,
    CASE WHEN began_first >= start THEN 1 WHEN began_last < start THEN -1 ELSE 0 END AS inside,
    CASE WHEN ago IS NULL THEN 1 WHEN began_last <= ago THEN 1 WHEN began_first > ago THEN -1 ELSE 0 END AS long_ago,
    CASE WHEN end_first >= start THEN 1 WHEN end_last < start THEN -1 WHEN end_first IS NOT NULL THEN 0 END AS ended_inside,
    CASE WHEN future THEN 0 ELSE 1 END AS sound
  FROM mentions WHERE yes IS NOT 0;
CREATE TABLE held AS
  SELECT n, wanted, person, ever, stated,
    CASE
      -- A medicine was taken in the window if it still is, or it ended or was last ordered there.
      WHEN kind = 'medication' AND windowed AND NOT ever THEN min(max(min(current, sound), coalesce(ended_inside, inside)), long_ago)
      -- Anything that began in the window counts, over or not, unless only what is active does.
      WHEN windowed THEN min(inside, long_ago, sound, CASE WHEN active THEN current ELSE 1 END)
      -- A procedure is an event; ever counts what is over.
      WHEN ever OR kind = 'procedure' THEN min(long_ago, sound, CASE WHEN active THEN current ELSE 1 END)
      ELSE min(current, long_ago, sound) END AS t
  FROM dated;
CREATE TABLE held_best AS SELECT n, wanted, person, max(t) AS best, max(stated) FILTER (WHERE t = 1) AS best_stated FROM held GROUP BY n, wanted, person;
CREATE TABLE denied AS SELECT n, wanted, person, max(stated) AS stated FROM mentions WHERE yes = 0 AND reaches GROUP BY n, wanted, person;
CREATE TABLE coded AS
  SELECT r.n, s.person, max(CASE
      WHEN b.best = 1 AND x.stated > b.best_stated AND NOT r.ever THEN 0 -- a later no against it
      WHEN b.best >= 0 THEN b.best
      WHEN x.n IS NOT NULL THEN -1
      WHEN CASE r.kind WHEN 'condition' THEN s.conditions WHEN 'medication' THEN s.medications WHEN 'allergy' THEN s.allergies ELSE s.procedures END = '' THEN 0
      ELSE -1 END) AS t
  FROM rules r JOIN criterion_code k ON k.criterion = r.n JOIN seen s
  LEFT JOIN held_best b ON b.n = r.n AND b.wanted = k.code AND b.person = s.person
  LEFT JOIN denied x ON x.n = r.n AND x.wanted = k.code AND x.person = s.person
  WHERE r.kind IN ('condition', 'medication', 'allergy', 'procedure')
  GROUP BY r.n, s.person;

-- Numbers as intervals, in the criterion's unit: a comparator opens one side.
CREATE TABLE numbers AS
  SELECT r.n, f.person, f.n AS fact, f.comparator,
    CASE WHEN f.unit = r.unit THEN f.number
         ELSE round(f.number * u.factor + u.shift, u.digits) END AS v
  FROM rules r JOIN criterion_code k ON k.criterion = r.n
  JOIN facts f ON f.code = k.code AND f.kind IN ('observation', 'answer')
  LEFT JOIN conversion u ON u.code = f.code AND u.was = f.unit AND u.wanted = r.unit
  WHERE r.kind IN ('lab', 'answer') AND (r.lo IS NOT NULL OR r.hi IS NOT NULL);
CREATE TABLE intervals AS
  SELECT n, person, fact,
    CASE WHEN comparator IN ('', '>', '>=') THEN v ELSE -9e999 END AS lo, comparator = '>' AS lo_open,
    CASE WHEN comparator IN ('', '<', '<=') THEN v ELSE 9e999 END AS hi, comparator = '<' AS hi_open
  FROM numbers WHERE v IS NOT NULL;

-- Measurements a lab or an answer looks at, and whether they lie in the window.
CREATE TABLE looked AS
  SELECT r.n, r.pick, r.start, f.person, f.n AS fact, f.first, f.last, f.precise, f.recorded, f.yes, f.text, f.valuecode,
    CASE WHEN f.first >= r.start THEN 1 WHEN f.last < r.start THEN -1 ELSE 0 END AS inside,
    i.lo, i.lo_open, i.hi, i.hi_open, i.n IS NOT NULL AS measured
  FROM rules r JOIN criterion_code k ON k.criterion = r.n
  JOIN facts f ON f.code = k.code AND f.kind IN ('observation', 'answer')
  LEFT JOIN intervals i ON i.n = r.n AND i.person = f.person AND i.fact = f.n
  WHERE r.kind IN ('lab', 'answer');

-- The least and the greatest value in the window lie between these; what may lie there widens them.
CREATE TABLE reach AS
  SELECT n, person, pick,
    CASE pick WHEN 'min' THEN min(lo) ELSE max(lo) FILTER (WHERE inside = 1) END AS lo,
    CASE pick WHEN 'max' THEN max(hi) ELSE min(hi) FILTER (WHERE inside = 1) END AS hi
  FROM looked WHERE pick IN ('min', 'max') AND inside >= 0
  GROUP BY n, person, pick HAVING min(measured) = 1 AND max(inside) = 1;
CREATE TABLE extremes AS
  SELECT a.n, a.person, a.lo, a.hi,
    CASE a.pick WHEN 'min' THEN min(l.lo_open) FILTER (WHERE l.lo = a.lo) ELSE max(l.lo_open) FILTER (WHERE l.lo = a.lo AND l.inside = 1) END AS lo_open,
    CASE a.pick WHEN 'max' THEN min(l.hi_open) FILTER (WHERE l.hi = a.hi) ELSE max(l.hi_open) FILTER (WHERE l.hi = a.hi AND l.inside = 1) END AS hi_open
  FROM reach a JOIN looked l ON l.n = a.n AND l.person = a.person AND l.inside >= 0
  GROUP BY a.n, a.person;

-- Ages between the last and the first day somebody can have been born on.
CREATE TABLE births AS
  SELECT s.person, s.asof, b.first, min(b.last, s.asof) AS last FROM seen s JOIN calendar b ON b.d = s.birth WHERE b.first <= s.asof;
CREATE TABLE lived AS
  SELECT person, word AS which, asof, CASE word WHEN 'oldest' THEN first ELSE last END AS born
  FROM births, (SELECT 'oldest' AS word UNION SELECT 'youngest');
CREATE TABLE ages AS
  SELECT person, which,
    strftime('%Y', asof) - strftime('%Y', born) - (strftime('%m-%d', asof) < strftime('%m-%d', born)) AS a,
    12 * (strftime('%Y', asof) - strftime('%Y', born)) + strftime('%m', asof) - strftime('%m', born) - (strftime('%d', asof) < strftime('%d', born)) AS mo,
    CAST(julianday(asof) - julianday(born) AS INTEGER) AS d
  FROM lived;
CREATE TABLE age_in AS
  SELECT r.n, g.person, g.which, CASE r.unit WHEN 'mo' THEN g.mo WHEN 'wk' THEN g.d / 7 WHEN 'd' THEN g.d ELSE g.a END AS age
  FROM rules r, ages g WHERE r.kind = 'age';
CREATE TABLE nearest AS
  SELECT r.n, d.person, min(d.metres) AS metres FROM rules r JOIN distance d ON r.site IN ('', 'any', d.site) WHERE r.kind = 'distance' GROUP BY r.n, d.person;

-- Every interval against its range.
CREATE TABLE amounts AS
  SELECT n, person, fact, lo, lo_open, hi, hi_open FROM intervals
  UNION ALL SELECT n, person, -1, lo, lo_open, hi, hi_open FROM extremes
  UNION ALL SELECT n, person, -1, min(age), 0, max(age), 0 FROM age_in GROUP BY n, person
  UNION ALL SELECT n, person, -1, metres, 0, metres, 0 FROM nearest;
CREATE TABLE bounds AS
  SELECT n, above, below,
    CASE WHEN kind = 'distance' THEN round(lo * CASE unit WHEN '[mi_i]' THEN 1609.344 ELSE 1000 END) ELSE lo END AS lo,
    CASE WHEN kind = 'distance' THEN round(hi * CASE unit WHEN '[mi_i]' THEN 1609.344 ELSE 1000 END) ELSE hi END AS hi
  FROM rules;
CREATE TABLE ranged AS
  SELECT v.n, v.person, v.fact, CASE
      WHEN v.hi < b.lo OR v.hi = b.lo AND (b.above OR v.hi_open) THEN -1
      WHEN v.lo > b.hi OR v.lo = b.hi AND (b.below OR v.lo_open) THEN -1
      WHEN (b.lo IS NULL OR v.lo > b.lo OR v.lo = b.lo AND (NOT b.above OR v.lo_open))
       AND (b.hi IS NULL OR v.hi < b.hi OR v.hi = b.hi AND (NOT b.below OR v.hi_open)) THEN 1
      ELSE 0 END AS t
  FROM amounts v JOIN bounds b ON b.n = v.n;

-- One value in range is enough; that there is none is known only of what is surely in the window.
CREATE TABLE any_value AS
  SELECT n, person, CASE WHEN max(min(inside, t)) >= 0 THEN max(min(inside, t)) WHEN max(inside) = 1 THEN -1 ELSE 0 END AS t
  FROM (SELECT l.n, l.person, l.inside, coalesce(x.t, 0) AS t FROM looked l LEFT JOIN ranged x ON x.n = l.n AND x.person = l.person AND x.fact = l.fact
        WHERE l.pick = 'any')
  GROUP BY n, person;

-- What each fact says where the latest one counts.
CREATE TABLE says AS
  SELECT l.n, l.person, l.start, l.first, l.last, l.precise, l.recorded, CASE
      WHEN r.lo IS NOT NULL OR r.hi IS NOT NULL THEN coalesce(x.t, 0)
      WHEN EXISTS (SELECT 1 FROM criterion_in w WHERE w.criterion = l.n AND w.word <> ''
                   AND w.word IN (CASE l.yes WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE '' END, l.valuecode, l.text)) THEN 1
      WHEN l.yes IS NULL AND l.valuecode = '' AND l.text = '' THEN 0
      ELSE -1 END AS t
  FROM looked l JOIN rules r ON r.n = l.n LEFT JOIN ranged x ON x.n = l.n AND x.person = l.person AND x.fact = l.fact
  WHERE l.pick = ''
  UNION ALL
  SELECT r.n, f.person, r.start, f.first, f.last, f.precise, f.recorded, CASE
      WHEN m.means IS NULL THEN 0
      WHEN EXISTS (SELECT 1 FROM criterion_in w WHERE w.criterion = r.n AND w.word = m.means) THEN 1
      ELSE -1 END
  FROM rules r JOIN facts f ON f.code = 'loinc|72166-2' AND f.kind IN ('observation', 'answer')
  LEFT JOIN smoking_word m ON m.said = CASE WHEN EXISTS (SELECT 1 FROM smoking_word k WHERE k.said = f.valuecode) THEN f.valuecode ELSE f.text END
  WHERE r.kind = 'smoking'
  UNION ALL
  SELECT r.n, f.person, r.start, f.first, f.last, f.precise, f.recorded, CASE
      WHEN f.kind = 'condition' AND f.yes IS NOT 0 THEN f.current
      WHEN f.yes IS NOT NULL THEN 2 * f.yes - 1
      WHEN f.valuecode IN ('snomed|77386006', 'loinc|LA15173-0') OR f.text = 'pregnant' THEN 1
      WHEN f.valuecode IN ('snomed|60001007', 'loinc|LA26683-5') OR f.text = 'not pregnant' THEN -1
      ELSE 0 END
  FROM rules r JOIN facts f ON f.kind IN ('observation', 'answer') AND f.code = 'loinc|82810-3'
    OR f.kind = 'condition' AND f.code IN ('snomed|77386006', 'snomed|72892002')
  WHERE r.kind = 'pregnancy';
-- One of them is of this day or later, so the latest is.
CREATE TABLE latest_day AS SELECT *, max(first) OVER (PARTITION BY n, person) AS day FROM says;
CREATE TABLE correction AS
  SELECT *, max(CASE WHEN precise AND first = day THEN recorded END) OVER (PARTITION BY n, person) AS last_recorded FROM latest_day;
CREATE TABLE latest AS
  SELECT n, person, CASE WHEN max(day) < max(start) THEN 0 WHEN min(t) = max(t) THEN min(t) ELSE 0 END AS t
  FROM correction
  WHERE last >= day AND NOT (precise AND first = day AND recorded < last_recorded)
  GROUP BY n, person;

-- Stretches in other studies, and who said that there is none.
CREATE TABLE trials AS
  SELECT s.person, x.trial, x.since, x.until FROM seen s JOIN stretch x ON x.person = s.person AND x.study = s.study
  UNION ALL SELECT s.person, x.trial, x.since, x.until FROM seen s JOIN busy x ON x.person = s.person;
CREATE TABLE overlaps AS
  SELECT r.n, x.person, max(min(
      CASE WHEN a.d IS NULL OR a.last <= r.asof THEN 1 WHEN a.first > r.asof THEN -1 ELSE 0 END,
      CASE WHEN z.d IS NULL OR z.first >= r.day THEN 1 WHEN z.last < r.day THEN -1 ELSE 0 END)) AS t
  FROM (SELECT *, CASE WHEN windowed THEN start ELSE asof END AS day FROM rules WHERE kind = 'otherTrial') r
  JOIN trials x ON x.trial <> r.study
  LEFT JOIN calendar a ON a.d = x.since LEFT JOIN calendar z ON z.d = x.until
  GROUP BY r.n, x.person;
CREATE TABLE in_trial AS
  SELECT r.n, s.person, CASE
      WHEN o.t >= 0 THEN o.t
      WHEN s.trials <> '' THEN -1
      WHEN s.asked <> '' AND NOT EXISTS (SELECT 1 FROM rules q WHERE q.kind = 'otherTrial' AND q.windowed AND q.start < date(s.asked, '-30 days')) THEN -1
      ELSE 0 END AS t
  FROM rules r JOIN seen s LEFT JOIN overlaps o ON o.n = r.n AND o.person = s.person WHERE r.kind = 'otherTrial';

-- Plain attributes.
CREATE TABLE words AS
  SELECT r.n, s.person, r.kind, CASE r.kind WHEN 'sex' THEN s.known_sex WHEN 'gender' THEN s.gender
      ELSE lower(CASE WHEN instr(s.language, '-') THEN substr(s.language, 1, instr(s.language, '-') - 1) ELSE s.language END) END AS word
  FROM rules r, seen s WHERE r.kind IN ('sex', 'gender', 'language');
CREATE TABLE has AS
  SELECT r.n, s.person, max(CASE w.word WHEN 'mobile' THEN s.mobile WHEN 'phone' THEN max(s.phone, CASE s.mobile WHEN 1 THEN 1 ELSE -1 END) WHEN 'web' THEN s.web ELSE -1 END) AS t
  FROM rules r JOIN criterion_in w ON w.criterion = r.n, seen s WHERE r.kind = 'device' GROUP BY r.n, s.person;

-- Who can come at one of the times, and whose last visit lies in the window and long enough ago.
CREATE TABLE can_come AS
  SELECT r.n, s.person, CASE
      WHEN NOT s.says_when THEN 0
      WHEN EXISTS (SELECT 1 FROM criterion_in w JOIN available a ON a.slot = w.word WHERE w.criterion = r.n AND a.person = s.person AND a.study = s.study) THEN 1
      ELSE -1 END AS t
  FROM rules r, seen s WHERE r.kind = 'availability';
CREATE TABLE visits AS
  SELECT r.n, s.person, min(
      CASE WHEN v.first >= r.start THEN 1 WHEN min(v.last, s.asof) < r.start THEN -1 ELSE 0 END,
      CASE WHEN r.ago IS NULL OR min(v.last, s.asof) <= r.ago THEN 1 WHEN v.first > r.ago THEN -1 ELSE 0 END) AS t
  FROM rules r, seen s JOIN calendar v ON v.d = s.visit WHERE r.kind = 'lastVisit' AND v.first <= s.asof;

CREATE TABLE found AS
  WITH x(n, person, t) AS (SELECT n, person, t FROM coded
  UNION ALL SELECT n, person, t FROM ranged WHERE fact = -1
  UNION ALL SELECT n, person, t FROM any_value
  UNION ALL SELECT n, person, t FROM latest
  UNION ALL SELECT n, person, t FROM in_trial
  UNION ALL SELECT n, person, t FROM has
  UNION ALL SELECT n, person, t FROM can_come
  UNION ALL SELECT n, person, t FROM visits
  UNION ALL SELECT r.n, s.person, s.interpreter FROM rules r, seen s WHERE r.kind = 'interpreter'
  UNION ALL SELECT n, person, CASE WHEN word = '' THEN 0 WHEN word IN (SELECT word FROM criterion_in WHERE criterion = n) THEN 1 ELSE -1 END FROM words)
  SELECT * FROM x;

-- Exclusion, whom it applies to, the policy for unknowns, somebody's decision: in this order.
CREATE TABLE leaves AS
  SELECT r.*, s.person, s.study AS own, s.known_sex, coalesce(f.t, 0) AS t
  FROM rules r JOIN seen s LEFT JOIN found f ON f.n = r.n AND f.person = s.person WHERE r.kind NOT IN ('any', 'all', 'atLeast');
CREATE TABLE met2 AS SELECT n, parent, person, {judged} AS t FROM leaves x WHERE depth = 2;
CREATE TABLE groups1 AS
  SELECT r.*, s.person, s.study AS own, s.known_sex, {combined} AS t
  FROM rules r JOIN seen s LEFT JOIN met2 m ON m.parent = r.n AND m.person = s.person
  WHERE r.depth = 1 AND r.kind IN ('any', 'all', 'atLeast') GROUP BY r.n, s.person;
CREATE TABLE met1 AS
  SELECT n, parent, person, {judged} AS t FROM leaves x WHERE depth = 1
  UNION ALL SELECT n, parent, person, {judged} FROM groups1 x;
CREATE TABLE groups0 AS
  SELECT r.*, s.person, s.study AS own, s.known_sex, {combined} AS t
  FROM rules r JOIN seen s LEFT JOIN met1 m ON m.parent = r.n AND m.person = s.person
  WHERE r.depth = 0 AND r.kind IN ('any', 'all', 'atLeast') GROUP BY r.n, s.person;
CREATE TABLE met AS
  SELECT n, item, person, {judged} AS t FROM leaves x WHERE depth = 0
  UNION ALL SELECT n, item, person, {judged} FROM groups0 x;

-- Who has died by the day is excluded whatever else; of a partial date the first day counts.
CREATE TABLE people AS
  SELECT s.person, coalesce(x.first <= s.asof, s.dead) AS dead, coalesce((SELECT min(t) FROM met m WHERE m.person = s.person), 1) AS t
  FROM seen s LEFT JOIN calendar x ON x.d = s.died;
CREATE TABLE living AS
  SELECT m.item, m.person, m.t, p.t AS whole,
    coalesce((SELECT min(t) FROM met o WHERE o.person = m.person AND o.item <> m.item), 1) AS others,
    (SELECT min(t) FROM met o WHERE o.person = m.person AND o.item <= m.item) AS so_far
  FROM met m JOIN people p ON p.person = m.person WHERE NOT p.dead;

SELECT 'person' AS what, person AS id, 0 AS item, CASE WHEN dead THEN -1 ELSE t END AS a, 0 AS b, 0 AS c, 0 AS d, 0 AS e, 0 AS f, 0 AS g FROM people
UNION ALL SELECT 'truth', person, item, t, 0, 0, 0, 0, 0, 0 FROM met
UNION ALL SELECT 'cost', '', item,
  count(*) FILTER (WHERE t = -1),
  count(*) FILTER (WHERE t = -1 AND others > -1),
  count(*) FILTER (WHERE t = 0 AND whole = 0),
  count(*) FILTER (WHERE so_far > -1),
  count(*) FILTER (WHERE others = 1) - count(*) FILTER (WHERE whole = 1),
  count(*) FILTER (WHERE others = 0) - count(*) FILTER (WHERE whole = 0),
  count(*) FILTER (WHERE others = -1) - count(*) FILTER (WHERE whole = -1)
FROM living GROUP BY item;
