-- Two roles with few rights, for the owner of the tables (`agender-hub migrate` first):
--   agender-hub roles | psql DATABASE
-- Then make users of them:  CREATE ROLE ingestor LOGIN PASSWORD '…' IN ROLE agender_ingest;
--
-- agender_ingest inserts windows and refused messages and sees neither; agender_read reads views and
-- no table. Neither may change or delete anything.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'agender_ingest') THEN
        CREATE ROLE agender_ingest NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'agender_read') THEN
        CREATE ROLE agender_read NOLOGIN;
    END IF;
END
$$;

REVOKE ALL ON ALL TABLES IN SCHEMA agender FROM agender_ingest, agender_read;
GRANT USAGE ON SCHEMA agender TO agender_ingest, agender_read;
GRANT SELECT ON agender.schema_version TO agender_ingest, agender_read;

GRANT INSERT ON agender.windows, agender.refused TO agender_ingest;
GRANT EXECUTE ON FUNCTION agender.incoming_form(), agender.ensure_month(date) TO agender_ingest;

GRANT SELECT ON
    agender.told_windows, agender.places, agender.places_by_day, agender.refusals,
    agender.by_hour, agender.by_day, agender.by_week,
    agender.site_by_hour, agender.site_by_day, agender.site_by_week,
    agender.gaps, agender.devices, agender.grouped,
    agender.group_by_hour, agender.group_by_day, agender.group_by_week, agender.crossings_by_hour
TO agender_read;
