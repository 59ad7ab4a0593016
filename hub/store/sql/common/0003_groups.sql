-- Devices that are asked for together: entrances of one house, branches of one region. A device may be
-- in several groups.
CREATE TABLE device_groups (
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    site TEXT NOT NULL CHECK (length(site) BETWEEN 1 AND 64),
    device TEXT NOT NULL CHECK (length(device) BETWEEN 1 AND 64),
    PRIMARY KEY (name, site, device)
);

CREATE VIEW grouped AS
SELECT name, site, device FROM device_groups;

CREATE VIEW group_by_hour AS
SELECT
    name, week, day, hour_ms, offset_min,
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
FROM windows JOIN device_groups USING (site, device)
GROUP BY name, week, day, hour_ms, offset_min;

CREATE VIEW group_by_day AS
SELECT
    name, week, day,
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
FROM windows JOIN device_groups USING (site, device)
GROUP BY name, week, day;

CREATE VIEW group_by_week AS
SELECT
    name, week,
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
FROM windows JOIN device_groups USING (site, device)
GROUP BY name, week;

-- Crossings of all lines of a device, by hour. untold_windows are those of which a line is withheld.
CREATE VIEW crossings_by_hour AS
SELECT site, device, week, day, hour_ms, offset_min,
    CAST(COALESCE(SUM(people) FILTER (WHERE place LIKE '%_in'), 0) AS BIGINT) AS ins,
    CAST(COALESCE(SUM(people) FILTER (WHERE place LIKE '%_out'), 0) AS BIGINT) AS outs,
    COUNT(DISTINCT seq) FILTER (WHERE people IS NULL) AS untold_windows
FROM places
WHERE place LIKE 'line_%'
GROUP BY site, device, week, day, hour_ms, offset_min;
