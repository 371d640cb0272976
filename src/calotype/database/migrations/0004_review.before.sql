
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
