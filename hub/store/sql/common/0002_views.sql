-- What is asked of the windows, in SQL that SQLite and PostgreSQL both read, so that both answer alike.
--
-- Every number is a sum over windows of what they tell; NULL is what no window told. Beside it stands
-- what is not told: lost (windows that a device could not send), untold_windows and untold_people (of
-- which nothing but people is told), unsynchronised, noisy. A lost window adds to windows and lost only.
-- coverage is the share of the windows' time in which the camera looked; people_coverage_weighted is no
-- count: it is what people would be, had the time not looked at been like the time looked at.
--
-- Each view is made from windows itself: SQLite looks a condition on the day up in the index through
-- one grouping, but not through two.

CREATE VIEW told_windows AS
SELECT * FROM windows;

CREATE VIEW refusals AS
SELECT digest, received_ms, topic, reason, size FROM refused;

CREATE VIEW by_hour AS
SELECT
    site, device, week, day, hour_ms, offset_min,
    CAST(COUNT(*) AS BIGINT) AS windows,
    CAST(COUNT(*) FILTER (WHERE lost) AS BIGINT) AS lost,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND NOT clock_synced) AS BIGINT) AS unsynchronised,
    CAST(COUNT(*) FILTER (WHERE folding LIKE 'noise%') AS BIGINT) AS noisy,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND female IS NULL) AS BIGINT) AS untold_windows,
    CAST(SUM(window_ms) FILTER (WHERE NOT lost) AS BIGINT) AS window_ms,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS BIGINT) AS observed_ms,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS BIGINT) AS people,
    CAST(COALESCE(SUM(people) FILTER (WHERE NOT lost AND female IS NULL), 0) AS BIGINT) AS untold_people,
    CAST(SUM(female) FILTER (WHERE NOT lost) AS BIGINT) AS female,
    CAST(SUM(male) FILTER (WHERE NOT lost) AS BIGINT) AS male,
    CAST(SUM(gender_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS gender_unknown,
    CAST(SUM(age_0_12) FILTER (WHERE NOT lost) AS BIGINT) AS age_0_12,
    CAST(SUM(age_13_17) FILTER (WHERE NOT lost) AS BIGINT) AS age_13_17,
    CAST(SUM(age_18_24) FILTER (WHERE NOT lost) AS BIGINT) AS age_18_24,
    CAST(SUM(age_25_34) FILTER (WHERE NOT lost) AS BIGINT) AS age_25_34,
    CAST(SUM(age_35_44) FILTER (WHERE NOT lost) AS BIGINT) AS age_35_44,
    CAST(SUM(age_45_54) FILTER (WHERE NOT lost) AS BIGINT) AS age_45_54,
    CAST(SUM(age_55_64) FILTER (WHERE NOT lost) AS BIGINT) AS age_55_64,
    CAST(SUM(age_65_plus) FILTER (WHERE NOT lost) AS BIGINT) AS age_65_plus,
    CAST(SUM(age_child) FILTER (WHERE NOT lost) AS BIGINT) AS age_child,
    CAST(SUM(age_young) FILTER (WHERE NOT lost) AS BIGINT) AS age_young,
    CAST(SUM(age_adult) FILTER (WHERE NOT lost) AS BIGINT) AS age_adult,
    CAST(SUM(age_senior) FILTER (WHERE NOT lost) AS BIGINT) AS age_senior,
    CAST(SUM(age_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS age_unknown,
    CAST(SUM(passers) FILTER (WHERE NOT lost) AS BIGINT) AS passers,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND passers IS NULL) AS BIGINT) AS passers_untold_windows,
    CAST(SUM(not_faces) FILTER (WHERE NOT lost) AS BIGINT) AS not_faces,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        / NULLIF(SUM(window_ms) FILTER (WHERE NOT lost), 0) AS coverage,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        * SUM(window_ms) FILTER (WHERE NOT lost)
        / NULLIF(SUM(observed_ms) FILTER (WHERE NOT lost), 0) AS people_coverage_weighted
FROM windows
GROUP BY site, device, week, day, hour_ms, offset_min;

CREATE VIEW by_day AS
SELECT
    site, device, week, day,
    CAST(COUNT(*) AS BIGINT) AS windows,
    CAST(COUNT(*) FILTER (WHERE lost) AS BIGINT) AS lost,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND NOT clock_synced) AS BIGINT) AS unsynchronised,
    CAST(COUNT(*) FILTER (WHERE folding LIKE 'noise%') AS BIGINT) AS noisy,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND female IS NULL) AS BIGINT) AS untold_windows,
    CAST(SUM(window_ms) FILTER (WHERE NOT lost) AS BIGINT) AS window_ms,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS BIGINT) AS observed_ms,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS BIGINT) AS people,
    CAST(COALESCE(SUM(people) FILTER (WHERE NOT lost AND female IS NULL), 0) AS BIGINT) AS untold_people,
    CAST(SUM(female) FILTER (WHERE NOT lost) AS BIGINT) AS female,
    CAST(SUM(male) FILTER (WHERE NOT lost) AS BIGINT) AS male,
    CAST(SUM(gender_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS gender_unknown,
    CAST(SUM(age_0_12) FILTER (WHERE NOT lost) AS BIGINT) AS age_0_12,
    CAST(SUM(age_13_17) FILTER (WHERE NOT lost) AS BIGINT) AS age_13_17,
    CAST(SUM(age_18_24) FILTER (WHERE NOT lost) AS BIGINT) AS age_18_24,
    CAST(SUM(age_25_34) FILTER (WHERE NOT lost) AS BIGINT) AS age_25_34,
    CAST(SUM(age_35_44) FILTER (WHERE NOT lost) AS BIGINT) AS age_35_44,
    CAST(SUM(age_45_54) FILTER (WHERE NOT lost) AS BIGINT) AS age_45_54,
    CAST(SUM(age_55_64) FILTER (WHERE NOT lost) AS BIGINT) AS age_55_64,
    CAST(SUM(age_65_plus) FILTER (WHERE NOT lost) AS BIGINT) AS age_65_plus,
    CAST(SUM(age_child) FILTER (WHERE NOT lost) AS BIGINT) AS age_child,
    CAST(SUM(age_young) FILTER (WHERE NOT lost) AS BIGINT) AS age_young,
    CAST(SUM(age_adult) FILTER (WHERE NOT lost) AS BIGINT) AS age_adult,
    CAST(SUM(age_senior) FILTER (WHERE NOT lost) AS BIGINT) AS age_senior,
    CAST(SUM(age_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS age_unknown,
    CAST(SUM(passers) FILTER (WHERE NOT lost) AS BIGINT) AS passers,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND passers IS NULL) AS BIGINT) AS passers_untold_windows,
    CAST(SUM(not_faces) FILTER (WHERE NOT lost) AS BIGINT) AS not_faces,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        / NULLIF(SUM(window_ms) FILTER (WHERE NOT lost), 0) AS coverage,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        * SUM(window_ms) FILTER (WHERE NOT lost)
        / NULLIF(SUM(observed_ms) FILTER (WHERE NOT lost), 0) AS people_coverage_weighted
FROM windows
GROUP BY site, device, week, day;

CREATE VIEW by_week AS
SELECT
    site, device, week,
    CAST(COUNT(*) AS BIGINT) AS windows,
    CAST(COUNT(*) FILTER (WHERE lost) AS BIGINT) AS lost,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND NOT clock_synced) AS BIGINT) AS unsynchronised,
    CAST(COUNT(*) FILTER (WHERE folding LIKE 'noise%') AS BIGINT) AS noisy,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND female IS NULL) AS BIGINT) AS untold_windows,
    CAST(SUM(window_ms) FILTER (WHERE NOT lost) AS BIGINT) AS window_ms,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS BIGINT) AS observed_ms,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS BIGINT) AS people,
    CAST(COALESCE(SUM(people) FILTER (WHERE NOT lost AND female IS NULL), 0) AS BIGINT) AS untold_people,
    CAST(SUM(female) FILTER (WHERE NOT lost) AS BIGINT) AS female,
    CAST(SUM(male) FILTER (WHERE NOT lost) AS BIGINT) AS male,
    CAST(SUM(gender_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS gender_unknown,
    CAST(SUM(age_0_12) FILTER (WHERE NOT lost) AS BIGINT) AS age_0_12,
    CAST(SUM(age_13_17) FILTER (WHERE NOT lost) AS BIGINT) AS age_13_17,
    CAST(SUM(age_18_24) FILTER (WHERE NOT lost) AS BIGINT) AS age_18_24,
    CAST(SUM(age_25_34) FILTER (WHERE NOT lost) AS BIGINT) AS age_25_34,
    CAST(SUM(age_35_44) FILTER (WHERE NOT lost) AS BIGINT) AS age_35_44,
    CAST(SUM(age_45_54) FILTER (WHERE NOT lost) AS BIGINT) AS age_45_54,
    CAST(SUM(age_55_64) FILTER (WHERE NOT lost) AS BIGINT) AS age_55_64,
    CAST(SUM(age_65_plus) FILTER (WHERE NOT lost) AS BIGINT) AS age_65_plus,
    CAST(SUM(age_child) FILTER (WHERE NOT lost) AS BIGINT) AS age_child,
    CAST(SUM(age_young) FILTER (WHERE NOT lost) AS BIGINT) AS age_young,
    CAST(SUM(age_adult) FILTER (WHERE NOT lost) AS BIGINT) AS age_adult,
    CAST(SUM(age_senior) FILTER (WHERE NOT lost) AS BIGINT) AS age_senior,
    CAST(SUM(age_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS age_unknown,
    CAST(SUM(passers) FILTER (WHERE NOT lost) AS BIGINT) AS passers,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND passers IS NULL) AS BIGINT) AS passers_untold_windows,
    CAST(SUM(not_faces) FILTER (WHERE NOT lost) AS BIGINT) AS not_faces,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        / NULLIF(SUM(window_ms) FILTER (WHERE NOT lost), 0) AS coverage,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        * SUM(window_ms) FILTER (WHERE NOT lost)
        / NULLIF(SUM(observed_ms) FILTER (WHERE NOT lost), 0) AS people_coverage_weighted
FROM windows
GROUP BY site, device, week;

CREATE VIEW site_by_hour AS
SELECT
    site, week, day, hour_ms, offset_min,
    CAST(COUNT(*) AS BIGINT) AS windows,
    CAST(COUNT(*) FILTER (WHERE lost) AS BIGINT) AS lost,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND NOT clock_synced) AS BIGINT) AS unsynchronised,
    CAST(COUNT(*) FILTER (WHERE folding LIKE 'noise%') AS BIGINT) AS noisy,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND female IS NULL) AS BIGINT) AS untold_windows,
    CAST(SUM(window_ms) FILTER (WHERE NOT lost) AS BIGINT) AS window_ms,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS BIGINT) AS observed_ms,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS BIGINT) AS people,
    CAST(COALESCE(SUM(people) FILTER (WHERE NOT lost AND female IS NULL), 0) AS BIGINT) AS untold_people,
    CAST(SUM(female) FILTER (WHERE NOT lost) AS BIGINT) AS female,
    CAST(SUM(male) FILTER (WHERE NOT lost) AS BIGINT) AS male,
    CAST(SUM(gender_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS gender_unknown,
    CAST(SUM(age_0_12) FILTER (WHERE NOT lost) AS BIGINT) AS age_0_12,
    CAST(SUM(age_13_17) FILTER (WHERE NOT lost) AS BIGINT) AS age_13_17,
    CAST(SUM(age_18_24) FILTER (WHERE NOT lost) AS BIGINT) AS age_18_24,
    CAST(SUM(age_25_34) FILTER (WHERE NOT lost) AS BIGINT) AS age_25_34,
    CAST(SUM(age_35_44) FILTER (WHERE NOT lost) AS BIGINT) AS age_35_44,
    CAST(SUM(age_45_54) FILTER (WHERE NOT lost) AS BIGINT) AS age_45_54,
    CAST(SUM(age_55_64) FILTER (WHERE NOT lost) AS BIGINT) AS age_55_64,
    CAST(SUM(age_65_plus) FILTER (WHERE NOT lost) AS BIGINT) AS age_65_plus,
    CAST(SUM(age_child) FILTER (WHERE NOT lost) AS BIGINT) AS age_child,
    CAST(SUM(age_young) FILTER (WHERE NOT lost) AS BIGINT) AS age_young,
    CAST(SUM(age_adult) FILTER (WHERE NOT lost) AS BIGINT) AS age_adult,
    CAST(SUM(age_senior) FILTER (WHERE NOT lost) AS BIGINT) AS age_senior,
    CAST(SUM(age_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS age_unknown,
    CAST(SUM(passers) FILTER (WHERE NOT lost) AS BIGINT) AS passers,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND passers IS NULL) AS BIGINT) AS passers_untold_windows,
    CAST(SUM(not_faces) FILTER (WHERE NOT lost) AS BIGINT) AS not_faces,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        / NULLIF(SUM(window_ms) FILTER (WHERE NOT lost), 0) AS coverage,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        * SUM(window_ms) FILTER (WHERE NOT lost)
        / NULLIF(SUM(observed_ms) FILTER (WHERE NOT lost), 0) AS people_coverage_weighted
FROM windows
GROUP BY site, week, day, hour_ms, offset_min;

CREATE VIEW site_by_day AS
SELECT
    site, week, day,
    CAST(COUNT(*) AS BIGINT) AS windows,
    CAST(COUNT(*) FILTER (WHERE lost) AS BIGINT) AS lost,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND NOT clock_synced) AS BIGINT) AS unsynchronised,
    CAST(COUNT(*) FILTER (WHERE folding LIKE 'noise%') AS BIGINT) AS noisy,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND female IS NULL) AS BIGINT) AS untold_windows,
    CAST(SUM(window_ms) FILTER (WHERE NOT lost) AS BIGINT) AS window_ms,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS BIGINT) AS observed_ms,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS BIGINT) AS people,
    CAST(COALESCE(SUM(people) FILTER (WHERE NOT lost AND female IS NULL), 0) AS BIGINT) AS untold_people,
    CAST(SUM(female) FILTER (WHERE NOT lost) AS BIGINT) AS female,
    CAST(SUM(male) FILTER (WHERE NOT lost) AS BIGINT) AS male,
    CAST(SUM(gender_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS gender_unknown,
    CAST(SUM(age_0_12) FILTER (WHERE NOT lost) AS BIGINT) AS age_0_12,
    CAST(SUM(age_13_17) FILTER (WHERE NOT lost) AS BIGINT) AS age_13_17,
    CAST(SUM(age_18_24) FILTER (WHERE NOT lost) AS BIGINT) AS age_18_24,
    CAST(SUM(age_25_34) FILTER (WHERE NOT lost) AS BIGINT) AS age_25_34,
    CAST(SUM(age_35_44) FILTER (WHERE NOT lost) AS BIGINT) AS age_35_44,
    CAST(SUM(age_45_54) FILTER (WHERE NOT lost) AS BIGINT) AS age_45_54,
    CAST(SUM(age_55_64) FILTER (WHERE NOT lost) AS BIGINT) AS age_55_64,
    CAST(SUM(age_65_plus) FILTER (WHERE NOT lost) AS BIGINT) AS age_65_plus,
    CAST(SUM(age_child) FILTER (WHERE NOT lost) AS BIGINT) AS age_child,
    CAST(SUM(age_young) FILTER (WHERE NOT lost) AS BIGINT) AS age_young,
    CAST(SUM(age_adult) FILTER (WHERE NOT lost) AS BIGINT) AS age_adult,
    CAST(SUM(age_senior) FILTER (WHERE NOT lost) AS BIGINT) AS age_senior,
    CAST(SUM(age_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS age_unknown,
    CAST(SUM(passers) FILTER (WHERE NOT lost) AS BIGINT) AS passers,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND passers IS NULL) AS BIGINT) AS passers_untold_windows,
    CAST(SUM(not_faces) FILTER (WHERE NOT lost) AS BIGINT) AS not_faces,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        / NULLIF(SUM(window_ms) FILTER (WHERE NOT lost), 0) AS coverage,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        * SUM(window_ms) FILTER (WHERE NOT lost)
        / NULLIF(SUM(observed_ms) FILTER (WHERE NOT lost), 0) AS people_coverage_weighted
FROM windows
GROUP BY site, week, day;

CREATE VIEW site_by_week AS
SELECT
    site, week,
    CAST(COUNT(*) AS BIGINT) AS windows,
    CAST(COUNT(*) FILTER (WHERE lost) AS BIGINT) AS lost,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND NOT clock_synced) AS BIGINT) AS unsynchronised,
    CAST(COUNT(*) FILTER (WHERE folding LIKE 'noise%') AS BIGINT) AS noisy,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND female IS NULL) AS BIGINT) AS untold_windows,
    CAST(SUM(window_ms) FILTER (WHERE NOT lost) AS BIGINT) AS window_ms,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS BIGINT) AS observed_ms,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS BIGINT) AS people,
    CAST(COALESCE(SUM(people) FILTER (WHERE NOT lost AND female IS NULL), 0) AS BIGINT) AS untold_people,
    CAST(SUM(female) FILTER (WHERE NOT lost) AS BIGINT) AS female,
    CAST(SUM(male) FILTER (WHERE NOT lost) AS BIGINT) AS male,
    CAST(SUM(gender_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS gender_unknown,
    CAST(SUM(age_0_12) FILTER (WHERE NOT lost) AS BIGINT) AS age_0_12,
    CAST(SUM(age_13_17) FILTER (WHERE NOT lost) AS BIGINT) AS age_13_17,
    CAST(SUM(age_18_24) FILTER (WHERE NOT lost) AS BIGINT) AS age_18_24,
    CAST(SUM(age_25_34) FILTER (WHERE NOT lost) AS BIGINT) AS age_25_34,
    CAST(SUM(age_35_44) FILTER (WHERE NOT lost) AS BIGINT) AS age_35_44,
    CAST(SUM(age_45_54) FILTER (WHERE NOT lost) AS BIGINT) AS age_45_54,
    CAST(SUM(age_55_64) FILTER (WHERE NOT lost) AS BIGINT) AS age_55_64,
    CAST(SUM(age_65_plus) FILTER (WHERE NOT lost) AS BIGINT) AS age_65_plus,
    CAST(SUM(age_child) FILTER (WHERE NOT lost) AS BIGINT) AS age_child,
    CAST(SUM(age_young) FILTER (WHERE NOT lost) AS BIGINT) AS age_young,
    CAST(SUM(age_adult) FILTER (WHERE NOT lost) AS BIGINT) AS age_adult,
    CAST(SUM(age_senior) FILTER (WHERE NOT lost) AS BIGINT) AS age_senior,
    CAST(SUM(age_unknown) FILTER (WHERE NOT lost) AS BIGINT) AS age_unknown,
    CAST(SUM(passers) FILTER (WHERE NOT lost) AS BIGINT) AS passers,
    CAST(COUNT(*) FILTER (WHERE NOT lost AND passers IS NULL) AS BIGINT) AS passers_untold_windows,
    CAST(SUM(not_faces) FILTER (WHERE NOT lost) AS BIGINT) AS not_faces,
    CAST(SUM(observed_ms) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        / NULLIF(SUM(window_ms) FILTER (WHERE NOT lost), 0) AS coverage,
    CAST(SUM(people) FILTER (WHERE NOT lost) AS DOUBLE PRECISION)
        * SUM(window_ms) FILTER (WHERE NOT lost)
        / NULLIF(SUM(observed_ms) FILTER (WHERE NOT lost), 0) AS people_coverage_weighted
FROM windows
GROUP BY site, week;

CREATE VIEW places_by_day AS
SELECT site, device, week, day, place,
    CAST(SUM(people) AS BIGINT) AS people,
    COUNT(*) FILTER (WHERE people IS NULL) AS untold_windows
FROM places
GROUP BY site, device, week, day, place;

-- Windows first_seq … last_seq under a numbering never came; day, week and hour are those of the window
-- by which it was found. What came before the first window under a numbering is not known.
CREATE VIEW gaps AS
SELECT site, device, numbering, seq_before + 1 AS first_seq, seq - 1 AS last_seq,
    seq - seq_before - 1 AS windows, end_before_ms AS after_ms, start_ms AS before_ms,
    offset_min, hour_ms, day, week
FROM (
    SELECT site, device, numbering, seq, start_ms, offset_min, hour_ms, day, week,
        LAG(seq) OVER numbers AS seq_before, LAG(end_ms) OVER numbers AS end_before_ms
    FROM window_keys
    WINDOW numbers AS (PARTITION BY site, device, numbering ORDER BY seq)
) AS neighbours
WHERE seq - seq_before > 1;

-- Who there is. Times are those of windows with a right clock; undated ones are lost windows of which
-- not even the time is known: they lie on 1 January 1970.
CREATE VIEW devices AS
SELECT site, device, COUNT(*) AS windows, COUNT(DISTINCT numbering) AS numberings,
    MIN(start_ms) FILTER (WHERE clock_synced) AS first_ms,
    MAX(end_ms) FILTER (WHERE clock_synced) AS last_ms,
    COUNT(*) FILTER (WHERE lost AND start_ms = 0) AS undated
FROM windows
GROUP BY site, device;
