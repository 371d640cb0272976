
-- ── Similarity ────────────────────────────────────────────────────────────────────────────────

-- What originals look like; forgotten with them. `algorithm` tells which are to be made anew, `hub`
-- which match so many others that they are a placeholder and say nothing.
create table fingerprints (
    original_id uuid primary key,
    scope_id uuid not null,
    algorithm smallint not null,
    width integer not null,
    height integer not null,
    phash bytea not null,
    dhash bytea not null,
    turned bytea[] not null,
    tiles bytea[] not null,
    small bytea not null,
    quality smallint not null,
    thumbhash bytea not null,
    colour integer not null,
    hub boolean not null default false,
    noted_at timestamptz not null default now()
);
alter table fingerprints alter column small set storage external;
create index fingerprints_hubs on fingerprints (scope_id, original_id) where hub;
call isolate('fingerprints', 'scope_id = (select calotype.current_tenant())');

-- The index of what looks alike: narrow rows, so that those that share a band are read quickly.
-- `bits` is the pHash in the order of the bands, of which each has a column and an index. `place`,
-- some bits of the scope, stands before each band, so that a tenant does not pay for others; were
-- the scope a column of the indexes, a plan made for small tenants could read all of a large one.
create table fingerprint_bands (
    original_id uuid primary key references fingerprints on delete cascade,
    scope_id uuid not null,
    place bit(16) not null,
    bits bit(256) not null
);
do $$
begin
    for band in 0..15 loop
        execute format(
            'alter table fingerprint_bands add column b%1$s integer not null generated always as'
            ' ((place || substring(bits from %2$s for 16))::bit(32)::integer) stored',
            band, band * 16 + 1
        );
        execute format('create index fingerprint_bands_%1$s on fingerprint_bands (b%1$s)', band);
    end loop;
end $$;
call isolate('fingerprint_bands', 'scope_id = (select calotype.current_tenant())');

-- Originals whose bits differ in at most `radius` from the wanted ones, nearest first. `keys` has a
-- row for each band with the values that it may have. The plan is made once for a connection, and
-- is the same for every tenant and state of the statistics.
create function find_alike(wanted bit, radius integer, keys integer[], max_rows integer)
    returns table (original_id uuid, distance integer)
    language plpgsql stable security definer set search_path = calotype, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    here uuid := current_tenant();  -- read once, not for every row
begin
    return query
    select f.original_id, bit_count(f.bits # wanted)::integer as apart
    from fingerprint_bands f
    where f.scope_id = here and bit_count(f.bits # wanted) <= radius and (
        f.b0 = any(keys[1:1]) or f.b1 = any(keys[2:2]) or f.b2 = any(keys[3:3])
        or f.b3 = any(keys[4:4]) or f.b4 = any(keys[5:5]) or f.b5 = any(keys[6:6])
        or f.b6 = any(keys[7:7]) or f.b7 = any(keys[8:8]) or f.b8 = any(keys[9:9])
        or f.b9 = any(keys[10:10]) or f.b10 = any(keys[11:11]) or f.b11 = any(keys[12:12])
        or f.b12 = any(keys[13:13]) or f.b13 = any(keys[14:14]) or f.b14 = any(keys[15:15])
        or f.b15 = any(keys[16:16])
    )
    order by apart, f.original_id
    limit max_rows;
end $$;

-- By the keys of its details a crop finds its picture; the dedupe scope is part of each key.
create table fingerprint_tiles (
    original_id uuid primary key references fingerprints on delete cascade,
    scope_id uuid not null,
    keys bigint[] not null
);
create index fingerprint_tiles_keys on fingerprint_tiles using gin (keys);
call isolate('fingerprint_tiles', 'scope_id = (select calotype.current_tenant())');

-- Originals that share most keys. A key that is found everywhere says little, so only some of those
-- that have it are counted.
create function find_sharing(wanted bigint[], fewest integer, max_rows integer)
    returns table (original_id uuid, shared bigint)
    language plpgsql stable security definer set search_path = calotype, pg_temp
    set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
    here uuid := current_tenant();
begin
    return query
    select owner.original_id, count(*) as alike
    from unnest(wanted) as key cross join lateral (
        select t.original_id from fingerprint_tiles t
        where t.keys @> array[key] and t.scope_id = here limit 50
    ) as owner
    group by owner.original_id having count(*) >= fewest
    order by alike desc, owner.original_id
    limit max_rows;
end $$;

create function forget_fingerprint() returns trigger
    language plpgsql security definer set search_path = calotype, pg_temp as $$
begin
    delete from fingerprints where original_id = old.id;
    return null;
end $$;
create trigger forget_fingerprint after delete on originals
    for each row execute function forget_fingerprint();
