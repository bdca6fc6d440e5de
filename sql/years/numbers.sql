-- answers: Which numbers have the songs, artists and albums today that kept answers about past years name?
-- grain: one row per track that is named for one of them
-- params: -
-- feeds: -
-- version: 1
select track_uri, song_no, artist_no, album_no
from songs
where track_uri in (select track_uri from past_years)
order by track_uri
