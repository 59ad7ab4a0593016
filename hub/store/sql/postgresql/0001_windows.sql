-- Windows, each once: the key is theirs for ever. Times are milliseconds since 1970, UTC; hour_ms, day
-- and week (its Monday) are local time's, by offset_min. places and more are JSON objects.
CREATE TABLE windows (
    site text NOT NULL CHECK (length(site) BETWEEN 1 AND 64),
    device text NOT NULL CHECK (length(device) BETWEEN 1 AND 64),
    numbering text NOT NULL CHECK (length(numbering) = 12),
    seq bigint NOT NULL CHECK (seq >= 0),
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    offset_min integer,
    hour_ms bigint NOT NULL,
    day date NOT NULL,
    week date NOT NULL,
    window_ms bigint NOT NULL,
    observed_ms bigint NOT NULL,
    boot text NOT NULL,
    frames_seen bigint,
    frames_skipped bigint,
    clock_synced boolean NOT NULL,
    lost boolean NOT NULL,
    folding text,
    folded_as integer NOT NULL,
    bands text NOT NULL,
    people integer NOT NULL,
    female integer,
    male integer,
    gender_unknown integer,
    present_max integer,
    present_mean double precision,
    dwell_s_mean double precision,
    attention_s_mean double precision,
    passers integer,
    not_faces integer,
    model text NOT NULL,
    age_0_12 integer,
    age_13_17 integer,
    age_18_24 integer,
    age_25_34 integer,
    age_35_44 integer,
    age_45_54 integer,
    age_55_64 integer,
    age_65_plus integer,
    age_child integer,
    age_young integer,
    age_adult integer,
    age_senior integer,
    age_unknown integer,
    female_0_12 integer,
    female_13_17 integer,
    female_18_24 integer,
    female_25_34 integer,
    female_35_44 integer,
    female_45_54 integer,
    female_55_64 integer,
    female_65_plus integer,
    female_child integer,
    female_young integer,
    female_adult integer,
    female_senior integer,
    female_age_unknown integer,
    male_0_12 integer,
    male_13_17 integer,
    male_18_24 integer,
    male_25_34 integer,
    male_35_44 integer,
    male_45_54 integer,
    male_55_64 integer,
    male_65_plus integer,
    male_child integer,
    male_young integer,
    male_adult integer,
    male_senior integer,
    male_age_unknown integer,
    places jsonb NOT NULL,
    more jsonb NOT NULL
) PARTITION BY RANGE (day);

CREATE INDEX windows_day ON windows (day, site, device);
CREATE INDEX windows_week ON windows (week, site, device);

-- Days for which no month is made: those of a clock that was far off.
CREATE TABLE windows_other PARTITION OF windows DEFAULT;

-- A unique key of a partitioned table would hold within a partition only, and a month that is dropped
-- would take its keys along. So they have a table of their own.
CREATE TABLE window_keys (
    site text NOT NULL,
    device text NOT NULL,
    numbering text NOT NULL,
    seq bigint NOT NULL,
    start_ms bigint NOT NULL,
    end_ms bigint NOT NULL,
    offset_min integer,
    hour_ms bigint NOT NULL,
    day date NOT NULL,
    week date NOT NULL,
    PRIMARY KEY (site, device, numbering, seq)
);

-- Whoever inserts a window, a key that is there already leaves it out: no client can store one twice.
-- As the owner, so that who may insert windows need not see keys.
CREATE FUNCTION take_key() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = agender, pg_temp AS $$
BEGIN
    INSERT INTO agender.window_keys VALUES (
        NEW.site, NEW.device, NEW.numbering, NEW.seq, NEW.start_ms, NEW.end_ms, NEW.offset_min,
        NEW.hour_ms, NEW.day, NEW.week
    ) ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN NEW;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER windows_once BEFORE INSERT ON windows
FOR EACH ROW EXECUTE FUNCTION take_key();

-- Makes the partition of a day's month where there is none. Only of the months from 2020 to the next
-- one, so that no device can make thousands; and where windows of that month lie in windows_other
-- already, they and all others of it stay there.
CREATE FUNCTION ensure_month(wanted date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = agender, pg_temp AS $$
DECLARE
    first date := date_trunc('month', wanted)::date;
    name text := 'windows_' || to_char(wanted, 'YYYY_MM');
BEGIN
    IF first < date '2020-01-01' OR first > current_date + interval '1 month'
        OR to_regclass('agender.' || quote_ident(name)) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format(
        'CREATE TABLE agender.%I PARTITION OF agender.windows FOR VALUES FROM (%L) TO (%L)',
        name, first, (first + interval '1 month')::date
    );
EXCEPTION
    WHEN duplicate_table OR check_violation THEN NULL;
END
$$;

-- The form of a batch that comes in, for who may not see the table that it is for.
CREATE FUNCTION incoming_form() RETURNS SETOF windows
LANGUAGE sql SECURITY DEFINER SET search_path = agender, pg_temp AS $$
    SELECT * FROM agender.windows WHERE false
$$;

-- Messages that are no window, and why; one that comes again is known by its digest.
CREATE TABLE refused (
    digest text NOT NULL PRIMARY KEY,
    received_ms bigint NOT NULL,
    topic text NOT NULL,
    reason text NOT NULL,
    size bigint NOT NULL,
    payload bytea NOT NULL CHECK (length(payload) <= 16384)
);

-- A row for each zone or line of a window; people is NULL where it is withheld.
CREATE VIEW places AS
SELECT site, device, numbering, seq, offset_min, hour_ms, day, week,
    place.key AS place, CAST(place.value AS integer) AS people
FROM windows, jsonb_each_text(windows.places) AS place
WHERE NOT lost;

-- What a new object lets everybody do: nothing.
REVOKE ALL ON FUNCTION take_key(), incoming_form(), ensure_month(date) FROM PUBLIC;
