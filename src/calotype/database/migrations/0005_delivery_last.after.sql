-- What the release before looked pictures up with.

drop function find_delivered;
drop type delivered_media;
