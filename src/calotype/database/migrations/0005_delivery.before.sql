-- Pictures in presets, and answers that are remembered until they change.

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
