-- Windows, each once: the key is theirs for ever. Times are milliseconds since 1970, UTC; hour_ms, day
-- and week (its Monday) are local time's, by offset_min. places and more are JSON objects.
CREATE TABLE windows (
    site TEXT NOT NULL CHECK (length(site) BETWEEN 1 AND 64),
    device TEXT NOT NULL CHECK (length(device) BETWEEN 1 AND 64),
    numbering TEXT NOT NULL CHECK (length(numbering) = 12),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL,
    offset_min INTEGER,
    hour_ms INTEGER NOT NULL,
    day TEXT NOT NULL,
    week TEXT NOT NULL,
    window_ms INTEGER NOT NULL,
    observed_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    frames_seen INTEGER,
    frames_skipped INTEGER,
    clock_synced INTEGER NOT NULL CHECK (clock_synced IN (0, 1)),
    lost INTEGER NOT NULL CHECK (lost IN (0, 1)),
    folding TEXT,
    folded_as INTEGER NOT NULL,
    bands TEXT NOT NULL,
    people INTEGER NOT NULL,
    female INTEGER,
    male INTEGER,
    gender_unknown INTEGER,
    present_max INTEGER,
    present_mean REAL,
    dwell_s_mean REAL,
    attention_s_mean REAL,
    passers INTEGER,
    not_faces INTEGER,
    model TEXT NOT NULL,
    age_0_12 INTEGER,
    age_13_17 INTEGER,
    age_18_24 INTEGER,
    age_25_34 INTEGER,
    age_35_44 INTEGER,
    age_45_54 INTEGER,
    age_55_64 INTEGER,
    age_65_plus INTEGER,
    age_child INTEGER,
    age_young INTEGER,
    age_adult INTEGER,
    age_senior INTEGER,
    age_unknown INTEGER,
    female_0_12 INTEGER,
    female_13_17 INTEGER,
    female_18_24 INTEGER,
    female_25_34 INTEGER,
    female_35_44 INTEGER,
    female_45_54 INTEGER,
    female_55_64 INTEGER,
    female_65_plus INTEGER,
    female_child INTEGER,
    female_young INTEGER,
    female_adult INTEGER,
    female_senior INTEGER,
    female_age_unknown INTEGER,
    male_0_12 INTEGER,
    male_13_17 INTEGER,
    male_18_24 INTEGER,
    male_25_34 INTEGER,
    male_35_44 INTEGER,
    male_45_54 INTEGER,
    male_55_64 INTEGER,
    male_65_plus INTEGER,
    male_child INTEGER,
    male_young INTEGER,
    male_adult INTEGER,
    male_senior INTEGER,
    male_age_unknown INTEGER,
    places TEXT NOT NULL,
    more TEXT NOT NULL,
    PRIMARY KEY (site, device, numbering, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX windows_day ON windows (day, site, device);
CREATE INDEX windows_week ON windows (week, site, device);

-- Messages that are no window, and why; one that comes again is known by its digest.
CREATE TABLE refused (
    digest TEXT NOT NULL PRIMARY KEY,
    received_ms INTEGER NOT NULL,
    topic TEXT NOT NULL,
    reason TEXT NOT NULL,
    size INTEGER NOT NULL,
    payload BLOB NOT NULL CHECK (length(payload) <= 16384)
) STRICT;

CREATE VIEW window_keys AS
SELECT site, device, numbering, seq, start_ms, end_ms, offset_min, hour_ms, day, week FROM windows;

-- A row for each zone or line of a window; people is NULL where it is withheld.
CREATE VIEW places AS
SELECT site, device, numbering, seq, offset_min, hour_ms, day, week,
    place.key AS place, place.value AS people
FROM windows, json_each(windows.places) AS place
WHERE NOT lost;
