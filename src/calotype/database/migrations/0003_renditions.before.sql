-- Which part of a picture is shown, for everybody who shows this media.
alter table media add column crop jsonb;
alter table media add column focal_point jsonb;

-- ── Renditions ────────────────────────────────────────────────────────────────────────────────
-- What recipes made of originals: a cache. They hold no reference and have no foreign key, so that
-- nothing keeps an original that nobody refers to; what was made of it follows it.

create table renditions (
    id uuid primary key,
    original_id uuid not null,
    scope_id uuid not null,
    recipe text not null,
    format text not null check (format in ('avif', 'webp', 'jpeg')),
    state text not null check (state in ('pending', 'improving', 'live', 'failed', 'deleting')),
    quick boolean not null,
    object_key text not null unique,
    media_type text,
    width integer,
    height integer,
    size_bytes bigint,
    trouble text,
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    lease_expires_at timestamptz,
    check ((state in ('pending', 'improving', 'failed')) = (lease_expires_at is not null)),
    check (state <> 'live' or (media_type is not null and width > 0 and height > 0
        and size_bytes > 0))
);
-- One is made, or being made, at a time; beside it a better one may be on its way.
create unique index renditions_visible on renditions (original_id, recipe, format)
    where state in ('pending', 'live', 'failed');
create unique index renditions_improving on renditions (original_id, recipe, format)
    where state = 'improving';
create index renditions_original on renditions (original_id);
create index renditions_deleting on renditions (changed_at) where state = 'deleting';
create index renditions_leased on renditions (lease_expires_at)
    where state in ('pending', 'improving');
call isolate('renditions', 'scope_id = (select calotype.current_tenant())');

-- The point of no return of an original is that of its renditions too.
create function forget_renditions() returns trigger
    language plpgsql security definer set search_path = calotype, pg_temp as $$
begin
    update renditions set state = 'deleting', changed_at = now(), lease_expires_at = null
        where original_id = new.id and state <> 'deleting';
    return null;
end $$;
create trigger forget_renditions after update of state on originals
    for each row when (new.state = 'deleting' and old.state <> 'deleting')
    execute function forget_renditions();

-- Like an address, a rendition is looked up before anybody is known.
create function find_rendition(wanted_original uuid, wanted_recipe text, wanted_format text)
    returns setof renditions
    language sql stable security definer set search_path = calotype, pg_temp as $$
    select * from renditions
    where original_id = wanted_original and recipe = wanted_recipe and format = wanted_format
        and state = 'live'
$$;
