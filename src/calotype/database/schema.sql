-- The whole schema of calotype. Numbered migrations sum to this file; a test holds them together.
-- Roles exist before this file runs (see migrating.py); every tenant table is closed by `isolate`.

create extension if not exists pg_trgm with schema public;

-- ── Who is asking ─────────────────────────────────────────────────────────────────────────────
-- Transaction-local settings say so. After such a setting has been used once on a connection it
-- reads '' instead of NULL, hence nullif.

create function current_tenant() returns uuid language sql stable parallel safe
    return nullif(current_setting('calotype.tenant', true), '')::uuid;

create function current_person() returns uuid language sql stable parallel safe
    return nullif(current_setting('calotype.person', true), '')::uuid;

create function caller_role() returns text language sql stable parallel safe
    return coalesce(current_setting('calotype.role', true), '');

-- The scope of the shared product catalogue; every other dedupe scope is a tenant's id.
create function catalogue_scope() returns uuid language sql immutable parallel safe
    return '00000000-0000-0000-0000-000000000000'::uuid;

-- Closes a table: the app sees what `visible` says, the system role and the owner's definer
-- functions see all. On a server where calotype may not create roles there is one role for all
-- three, and a setting tells them apart.
create procedure isolate(place regclass, visible text) language plpgsql as $$
begin
    execute format('alter table %s enable row level security', place);
    execute format('alter table %s force row level security', place);
    if exists (select from pg_roles where rolname = 'calotype_app') then
        execute format('create policy tenant on %s to calotype_app using (%s)', place, visible);
        execute format('create policy system on %s to calotype_system using (true)', place);
        execute format('create policy owner on %s to %I using (true)', place, current_user);
    else
        -- The owner's definer functions, and nothing else, look in pg_temp last.
        execute format(
            'create policy tenant on %s using ((%s) or calotype.caller_role() = ''system'''
            ' or right(current_setting(''search_path''), 7) = ''pg_temp'')', place, visible
        );
    end if;
end $$;

-- ── Installation ──────────────────────────────────────────────────────────────────────────────

create table installation (
    only_one boolean primary key default true check (only_one),
    epoch uuid not null,
    created_at timestamptz not null default now()
);

create table sweeps (
    id uuid primary key,
    started_at timestamptz not null default now(),
    collected bigint not null,
    collected_bytes bigint not null,
    reaped bigint not null,
    halted_because text
);

-- ── Tenants, people, keys ─────────────────────────────────────────────────────────────────────

create table tenants (
    id uuid primary key,
    slug text not null unique check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name text not null,
    settings jsonb not null default '{}',
    created_at timestamptz not null default now()
);
call isolate('tenants', 'id = (select calotype.current_tenant())');

create table people (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    email text not null,
    name text not null default '',
    role text not null check (role in ('viewer', 'editor', 'admin', 'curator')),
    password_hash text,
    created_at timestamptz not null default now(),
    disabled_at timestamptz
);
create unique index people_email on people (tenant_id, lower(email));
call isolate('people', 'tenant_id = (select calotype.current_tenant())');

create table api_keys (
    id uuid primary key,
    tenant_id uuid references tenants,
    role text not null check (role in ('viewer', 'editor', 'admin', 'curator', 'service')),
    name text not null default '',
    secret_hash bytea not null unique,
    created_by uuid,
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    check (tenant_id is not null or role = 'service')
);
create index api_keys_tenant on api_keys (tenant_id, id);
call isolate('api_keys', 'tenant_id = (select calotype.current_tenant())');

create table sessions (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    person_id uuid not null references people on delete cascade,
    secret_hash bytea not null unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index sessions_person on sessions (person_id);
create index sessions_expiry on sessions (expires_at);
call isolate('sessions', 'tenant_id = (select calotype.current_tenant())');

create table one_time_links (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    person_id uuid not null references people on delete cascade,
    purpose text not null check (purpose in ('sign-in', 'invite', 'reset')),
    secret_hash bytea not null unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index one_time_links_person on one_time_links (person_id);
call isolate('one_time_links', 'tenant_id = (select calotype.current_tenant())');

-- Failed sign-ins by a keyed hash of who tried; read and written before a tenant is known.
create table sign_in_failures (
    subject_hash bytea primary key,
    failures integer not null,
    last_failed_at timestamptz not null default now()
);

-- Answers to requests that carried an Idempotency-Key, written in the transaction of the effect.
create table idempotency_keys (
    tenant_id uuid not null references tenants,
    principal uuid not null,
    key text not null,
    payload_hash bytea not null,
    status integer not null,
    body jsonb not null,
    expires_at timestamptz not null,
    primary key (tenant_id, principal, key)
);
create index idempotency_keys_expiry on idempotency_keys (expires_at);
call isolate('idempotency_keys', 'tenant_id = (select calotype.current_tenant())');

-- ── Originals ─────────────────────────────────────────────────────────────────────────────────

create table originals (
    id uuid primary key,
    scope_id uuid not null,
    algorithm text not null default 'sha256',
    digest bytea not null,
    size_bytes bigint not null check (size_bytes > 0),
    object_key text not null unique,
    state text not null
        check (state in ('pending', 'live', 'condemned', 'deleting', 'quarantined')),
    media_type text not null,
    width integer not null,
    height integer not null,
    frames integer not null default 1,
    facts jsonb not null default '{}',
    stripped jsonb,
    readable boolean,
    created_at timestamptz not null default now(),
    changed_at timestamptz not null default now(),
    verified_at timestamptz,
    lease_expires_at timestamptz,
    lease_token uuid,
    check ((state = 'pending') = (lease_expires_at is not null))
);
create unique index originals_visible on originals (scope_id, algorithm, digest)
    where state in ('live', 'condemned');
create index originals_digest on originals (scope_id, digest);
create index originals_quarantined on originals (scope_id, algorithm, digest, id)
    where state = 'quarantined';
create index originals_listing on originals (scope_id, id);
create index originals_condemned on originals (changed_at) where state = 'condemned';
create index originals_deleting on originals (changed_at) where state = 'deleting';
create index originals_pending on originals (lease_expires_at) where state = 'pending';
create index originals_unverified on originals (verified_at nulls first) where state = 'live';
call isolate('originals', 'scope_id = (select calotype.current_tenant())');

-- Every kind of row that may need an original. Doctor compares this list with the catalogue of
-- the database, so that no table can hold bytes unnoticed.
create table holder_kinds (
    kind text primary key,
    table_name text not null
);
insert into holder_kinds values ('upload', 'uploads'), ('media', 'media');

create table original_references (
    id uuid primary key,
    original_id uuid not null references originals on delete restrict,
    tenant_id uuid not null,
    holder_kind text not null references holder_kinds,
    holder_id uuid not null,
    lease_expires_at timestamptz,
    created_at timestamptz not null default now(),
    unique (holder_kind, holder_id, original_id)
);
create index original_references_original on original_references (original_id);
create index original_references_leases on original_references (lease_expires_at)
    where lease_expires_at is not null;
call isolate('original_references', 'tenant_id = (select calotype.current_tenant())');

-- A foreign key alone would accept a reference to an original that is already `deleting`. The
-- share lock makes collection wait; it is taken as the owner, because a tenant's policies would
-- hide originals of the catalogue from it.
create function demand_live_original() returns trigger
    language plpgsql security definer set search_path = calotype, pg_temp as $$
declare
    found_state text;
    found_scope uuid;
begin
    select state, scope_id into found_state, found_scope
        from originals where id = new.original_id for share;
    if found_state is distinct from 'live' then
        raise exception 'original % is %, not live', new.original_id,
            coalesce(found_state, 'missing') using errcode = 'foreign_key_violation';
    end if;
    if found_scope not in (new.tenant_id, catalogue_scope()) then
        raise exception 'original % belongs to another scope', new.original_id
            using errcode = 'foreign_key_violation';
    end if;
    return new;
end $$;
create trigger demand_live_original before insert or update of original_id on original_references
    for each row execute function demand_live_original();

create table tombstones (
    original_id uuid primary key,
    scope_id uuid not null,
    algorithm text not null,
    digest bytea not null,
    size_bytes bigint not null,
    object_key text not null,
    removed_at timestamptz not null default now()
);
create index tombstones_digest on tombstones (scope_id, digest);
call isolate('tombstones', 'scope_id = (select calotype.current_tenant())');

-- Objects without a row, as one pass of reconcile saw them; only what two passes a day apart
-- both saw is removed.
create table stray_objects (
    object_key text primary key,
    size_bytes bigint not null,
    first_seen_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now()
);

-- ── Statistics that stay fast ─────────────────────────────────────────────────────────────────
-- Every statement that changes originals or references adds one row of differences; a job folds
-- them. The true figures are folded row plus differences; doctor compares them with a count.

create table original_stats (
    scope_id uuid primary key,
    originals bigint not null default 0,
    bytes bigint not null default 0,
    orphans bigint not null default 0,
    orphan_bytes bigint not null default 0,
    references_held bigint not null default 0,
    logical_bytes bigint not null default 0
);
call isolate('original_stats', 'scope_id = (select calotype.current_tenant())');

create table original_stat_changes (
    id bigint generated always as identity primary key,
    scope_id uuid not null,
    originals bigint not null default 0,
    bytes bigint not null default 0,
    orphans bigint not null default 0,
    orphan_bytes bigint not null default 0,
    references_held bigint not null default 0,
    logical_bytes bigint not null default 0
);
create index original_stat_changes_scope on original_stat_changes (scope_id);
call isolate('original_stat_changes', 'scope_id = (select calotype.current_tenant())');

create function note_original_change() returns trigger
    language plpgsql security definer set search_path = calotype, pg_temp as $$
declare
    kept_before integer := 0;
    orphan_before integer := 0;
    kept_after integer := 0;
    orphan_after integer := 0;
    subject originals;
begin
    if tg_op <> 'INSERT' then
        kept_before := (old.state in ('live', 'condemned'))::integer;
        orphan_before := (old.state = 'condemned')::integer;
        subject := old;
    end if;
    if tg_op <> 'DELETE' then
        kept_after := (new.state in ('live', 'condemned'))::integer;
        orphan_after := (new.state = 'condemned')::integer;
        subject := new;
    end if;
    if (kept_before, orphan_before) <> (kept_after, orphan_after) then
        insert into original_stat_changes (scope_id, originals, bytes, orphans, orphan_bytes)
        values (
            subject.scope_id,
            kept_after - kept_before,
            (kept_after - kept_before) * subject.size_bytes,
            orphan_after - orphan_before,
            (orphan_after - orphan_before) * subject.size_bytes
        );
    end if;
    return null;
end $$;
create trigger note_original_insert after insert on originals
    for each row when (new.state in ('live', 'condemned')) execute function note_original_change();
create trigger note_original_update after update of state on originals
    for each row when (old.state is distinct from new.state)
    execute function note_original_change();
create trigger note_original_delete after delete on originals
    for each row when (old.state in ('live', 'condemned')) execute function note_original_change();

create function note_reference_insert() returns trigger
    language plpgsql security definer set search_path = calotype, pg_temp as $$
begin
    insert into original_stat_changes (scope_id, references_held, logical_bytes)
    select changed.tenant_id, count(*), sum(originals.size_bytes)
        from changed join originals on originals.id = changed.original_id
        group by changed.tenant_id;
    return null;
end $$;
create trigger note_reference_insert after insert on original_references
    referencing new table as changed for each statement execute function note_reference_insert();

create function note_reference_delete() returns trigger
    language plpgsql security definer set search_path = calotype, pg_temp as $$
begin
    insert into original_stat_changes (scope_id, references_held, logical_bytes)
    select changed.tenant_id, -count(*), -sum(originals.size_bytes)
        from changed join originals on originals.id = changed.original_id
        group by changed.tenant_id;
    return null;
end $$;
create trigger note_reference_delete after delete on original_references
    referencing old table as changed for each statement execute function note_reference_delete();

create function note_reference_move() returns trigger
    language plpgsql security definer set search_path = calotype, pg_temp as $$
begin
    insert into original_stat_changes (scope_id, logical_bytes)
    values (
        new.tenant_id,
        (select size_bytes from originals where id = new.original_id)
        - (select size_bytes from originals where id = old.original_id)
    );
    return null;
end $$;
create trigger note_reference_move after update of original_id on original_references
    for each row when (old.original_id <> new.original_id)
    execute function note_reference_move();

-- ── Library ───────────────────────────────────────────────────────────────────────────────────

create table buckets (
    tenant_id uuid not null references tenants,
    name text not null check (name ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
    writable_by text not null default 'editor' check (writable_by in ('editor', 'admin')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, name)
);
call isolate('buckets', 'tenant_id = (select calotype.current_tenant())');

create table media (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    owner_id uuid,
    original_id uuid references originals on delete restrict,
    token bytea not null unique,
    state text not null check (state in ('processing', 'ready', 'unreadable')),
    name text not null,
    file_name text not null default '',
    alt_text text not null default '',
    caption text not null default '',
    description text not null default '',
    tags text[] not null default '{}',
    bucket text not null,
    project_id text,
    source_type text not null default 'upload' check (source_type in
        ('upload', 'playground', 'enhanced', 'stock', 'design', 'mockup', 'product', 'import')),
    enhancement_type text,
    original_media_id uuid,
    visibility text not null default 'private'
        check (visibility in ('private', 'tenant', 'public')),
    metadata jsonb not null default '{}',
    attribution jsonb,
    media_type text not null,
    width integer not null,
    height integer not null,
    size_bytes bigint not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    crop jsonb,
    focal_point jsonb,
    foreign key (tenant_id, bucket) references buckets (tenant_id, name)
);
create index media_listing on media (tenant_id, id desc) where deleted_at is null;
create index media_owner on media (tenant_id, owner_id, id desc) where deleted_at is null;
create index media_bucket on media (tenant_id, bucket, id desc) where deleted_at is null;
create index media_source on media (tenant_id, source_type, id desc) where deleted_at is null;
create index media_enhancement on media (tenant_id, enhancement_type, id desc)
    where deleted_at is null and enhancement_type is not null;
create index media_original on media (original_id);
create index media_trash on media (deleted_at) where deleted_at is not null and original_id is not null;
create index media_name on media using gin (lower(name) public.gin_trgm_ops)
    where original_id is not null;

-- Healing and merging move references; the media that hold them follow.
create function follow_reference() returns trigger
    language plpgsql security definer set search_path = calotype, pg_temp as $$
begin
    update media set original_id = new.original_id
        where id = new.holder_id and tenant_id = new.tenant_id;
    return null;
end $$;
create trigger follow_reference after update of original_id on original_references
    for each row when (new.holder_kind = 'media' and old.original_id <> new.original_id)
    execute function follow_reference();

-- One place says which media a caller may see; the policy and every definer function repeat it.
create function may_see(visibility text, owner_id uuid) returns boolean
    language sql stable parallel safe
    return visibility <> 'private'
        or caller_role() in ('admin', 'service')
        or (owner_id is not null and owner_id = current_person());
call isolate('media',
    'tenant_id = (select calotype.current_tenant()) and calotype.may_see(visibility, owner_id)');

-- LIKE and % are not leakproof: under row-level security they would lose their index. This runs
-- as the owner and repeats the conditions of the policy.
create function search_media(
    needle text, before_id uuid, max_rows integer,
    in_bucket text, with_source text, of_owner uuid, with_visibility text, in_project text,
    in_trash boolean
) returns setof uuid
    language sql stable security definer set search_path = calotype, public, pg_temp as $$
    select id from media
    where tenant_id = current_tenant() and may_see(visibility, owner_id)
        and original_id is not null
        and (deleted_at is not null) = in_trash
        and lower(name) like '%' || replace(replace(replace(
            lower(needle), '\', '\\'), '%', '\%'), '_', '\_') || '%'
        and (before_id is null or id < before_id)
        and (in_bucket is null or bucket = in_bucket)
        and (with_source is null or source_type = with_source)
        and (of_owner is null or owner_id = of_owner)
        and (with_visibility is null or visibility = with_visibility)
        and (in_project is null or project_id = in_project)
    order by id desc
    limit max_rows
$$;

-- A picture's address is looked up before anybody is known. Who may have the bytes is decided
-- with what this returns. While media are `processing`, nothing is told that only earlier media of
-- the same bytes can have brought about.
create type found_picture as (
    id uuid, tenant_id uuid, owner_id uuid, visibility text, state text, deleted_at timestamptz,
    token bytea, file_name text, crop jsonb, focal_point jsonb, original_id uuid, scope_id uuid,
    object_key text, original_state text, media_type text, frames integer, size_bytes bigint,
    digest bytea, examined boolean, stripped jsonb
);
create function find_picture(wanted_id uuid, wanted_token bytea) returns setof found_picture
    language sql stable security definer set search_path = calotype, pg_temp as $$
    select m.id, m.tenant_id, m.owner_id, m.visibility, m.state, m.deleted_at,
        m.token, m.file_name, m.crop, m.focal_point, o.id, o.scope_id,
        o.object_key, o.state, o.media_type, o.frames, o.size_bytes,
        o.digest, m.state <> 'processing' and o.readable is not null,
        case when m.state <> 'processing' then o.stripped end
    from media m join originals o on o.id = m.original_id
    where m.id = wanted_id or m.token = wanted_token
$$;

-- Servers remember answers; this tells all of them which they must forget.
create function tell_media_change() returns trigger language plpgsql as $$
begin
    perform pg_notify('calotype_media', old.id::text);
    return null;
end $$;
create trigger tell_media_change
    after update of visibility, owner_id, deleted_at, token, file_name, crop, focal_point, original_id
    on media for each row when (
        (old.visibility, old.owner_id, old.deleted_at, old.token, old.file_name, old.crop,
            old.focal_point, old.original_id)
        is distinct from (new.visibility, new.owner_id, new.deleted_at, new.token, new.file_name,
            new.crop, new.focal_point, new.original_id)
    ) execute function tell_media_change();

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

-- ── Uploads ───────────────────────────────────────────────────────────────────────────────────

create table uploads (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    principal uuid,
    file_name text not null,
    size_bytes bigint not null,
    state text not null check (state in ('done')),
    media_id uuid not null,
    created_at timestamptz not null default now()
);
create index uploads_media on uploads (media_id);
call isolate('uploads', 'tenant_id = (select calotype.current_tenant())');

-- ── Before a tenant is known ──────────────────────────────────────────────────────────────────

create type key_holder as (
    id uuid, tenant_id uuid, tenant_slug text, role text, name text, last_used_at timestamptz
);
create function find_key(hash bytea) returns setof key_holder
    language sql stable security definer set search_path = calotype, pg_temp as $$
    select k.id, k.tenant_id, t.slug, k.role, k.name, k.last_used_at
    from api_keys k left join tenants t on t.id = k.tenant_id
    where k.secret_hash = hash and k.revoked_at is null
        and (k.expires_at is null or k.expires_at > now())
$$;

-- A program may use a key many times a second; a minute is exact enough for people.
create function note_key_use(used uuid) returns void
    language sql security definer set search_path = calotype, pg_temp as $$
    update api_keys set last_used_at = now()
    where id = used and (last_used_at is null or last_used_at < now() - interval '1 minute')
$$;

create type session_holder as (
    id uuid, tenant_id uuid, tenant_slug text, person_id uuid, role text, name text, email text
);
create function find_session(hash bytea) returns setof session_holder
    language sql stable security definer set search_path = calotype, pg_temp as $$
    select s.id, s.tenant_id, t.slug, p.id, p.role, p.name, p.email
    from sessions s join people p on p.id = s.person_id join tenants t on t.id = s.tenant_id
    where s.secret_hash = hash and s.expires_at > now() and p.disabled_at is null
$$;

create function find_tenant(wanted text) returns setof tenants
    language sql stable security definer set search_path = calotype, pg_temp as $$
    select * from tenants where slug = wanted
$$;

create function find_person(wanted_slug text, wanted_email text) returns setof people
    language sql stable security definer set search_path = calotype, pg_temp as $$
    select p.* from people p join tenants t on t.id = p.tenant_id
    where t.slug = wanted_slug and lower(p.email) = lower(wanted_email) and p.disabled_at is null
$$;

-- Tells whether a one-time link would work, and leaves it as it is.
create function link_is_good(hash bytea, wanted_purpose text) returns boolean
    language sql stable security definer set search_path = calotype, pg_temp as $$
    select exists (
        select from one_time_links
        where secret_hash = hash and purpose = wanted_purpose and used_at is null
            and expires_at > now()
    )
$$;

-- Uses a one-time link up; two who come at once cannot both have it.
create function use_link(hash bytea, wanted_purpose text) returns setof one_time_links
    language sql security definer set search_path = calotype, pg_temp as $$
    update one_time_links set used_at = now()
    where secret_hash = hash and purpose = wanted_purpose and used_at is null
        and expires_at > now()
    returning *
$$;

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

-- ── Journal ───────────────────────────────────────────────────────────────────────────────────

-- What was done. As long as it can be undone, `before` says how things were, and the entry holds
-- the originals that this needs.
create table journal (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    person_id uuid,
    action text not null,
    subjects jsonb not null,
    before jsonb,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    undone_at timestamptz
);
create index journal_listing on journal (tenant_id, id desc);
create index journal_expiry on journal (expires_at) where before is not null;
call isolate('journal', 'tenant_id = (select calotype.current_tenant())');
insert into holder_kinds values ('journal', 'journal');

-- ── Review ────────────────────────────────────────────────────────────────────────────────────

-- Pairs of originals that look alike; forgotten with either of them.
create table duplicates (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    first_id uuid not null,
    second_id uuid not null check (first_id < second_id),
    certainty text not null check (certainty in ('pixels', 'near', 'variant', 'similar')),
    distance integer not null,
    evidence jsonb not null,
    open boolean not null default true,
    found_at timestamptz not null default now(),
    unique (tenant_id, first_id, second_id)
);
create index duplicates_open on duplicates (tenant_id, id desc) where open;
create index duplicates_first on duplicates (first_id);
create index duplicates_second on duplicates (second_id);
call isolate('duplicates', 'tenant_id = (select calotype.current_tenant())');

-- What people decided about two files, whenever these come again.
create table decisions (
    tenant_id uuid not null references tenants,
    first_digest bytea not null,
    second_digest bytea not null check (first_digest < second_digest),
    verdict text not null check (verdict in ('same', 'different', 'variant')),
    certainty text not null,
    distance integer not null,
    rule_id uuid,
    person_id uuid,
    decided_at timestamptz not null default now(),
    primary key (tenant_id, first_digest, second_digest)
);
call isolate('decisions', 'tenant_id = (select calotype.current_tenant())');

-- Whoever asks for a file that was merged into another is answered with that one.
create table aliases (
    tenant_id uuid not null references tenants,
    digest bytea not null,
    kept_id uuid not null,
    certainty text not null,
    distance integer not null,
    made_at timestamptz not null default now(),
    primary key (tenant_id, digest)
);
create index aliases_kept on aliases (kept_id);
call isolate('aliases', 'tenant_id = (select calotype.current_tenant())');

-- Rules merge by themselves, once an admin has approved what their dry run said.
create table duplicate_rules (
    id uuid primary key,
    tenant_id uuid not null references tenants,
    certainty text not null check (certainty in ('pixels', 'near')),
    keep text not null check (keep in ('largest', 'oldest', 'newest')),
    made_by uuid,
    made_at timestamptz not null default now(),
    approved_by uuid,
    approved_at timestamptz,
    approved_pairs integer
);
create index duplicate_rules_tenant on duplicate_rules (tenant_id, id);
call isolate('duplicate_rules', 'tenant_id = (select calotype.current_tenant())');

create function forget_duplicates() returns trigger
    language plpgsql security definer set search_path = calotype, pg_temp as $$
begin
    delete from duplicates where first_id = old.id or second_id = old.id;
    delete from aliases where kept_id = old.id;
    return null;
end $$;
create trigger forget_duplicates after delete on originals
    for each row execute function forget_duplicates();
