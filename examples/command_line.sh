#!/usr/bin/env bash
# palate from the command line: from two CSV files to a report, to what each feature is worth, and
# to a smaller recipe.
#
#     bash examples/command_line.sh
#
# A made-up shop: 300 customers, each fond of one of six kinds of things, which the titles name.
# Everything is written into a temporary folder, which is left behind to look at.
set -euo pipefail
folder="${1:-$(mktemp -d)}"
cd "$folder"

# customer u buys things of kind u % 6, and once in ten times something else
awk 'BEGIN { srand(1); print "user_id,item_id,timestamp"
  for (u = 0; u < 300; u++) for (n = 0; n < 6; n++) {
    kind = (rand() < 0.9 ? u : int(rand() * 6)) % 6
    item = 6 * int(rand() * 30) + kind
    if (!seen[u, item]++) print u "," item "," 1700000000 + 100 * n + u } }' > clicks.csv
# the title names the kind, the colour says nothing
awk 'BEGIN { split("tea,rake,violin,bread,chart,scarf", kind, ","); split("soft old warm small loud", how, " ")
  split("red green blue", colour, " "); srand(2); print "item_id,title,colour"
  for (i = 0; i < 180; i++)
    print i "," how[1 + i % 5] " " kind[1 + i % 6] "," colour[1 + int(rand() * 3)] }' > items.csv

# what do the files hold, and is anything wrong with them?
palate data check clicks.csv items.csv
palate init clicks.csv items.csv --out shop.toml

# a recipe of our own, that needs no weights of language models
cat > words.toml <<'RECIPE'
[data]
interactions = "clicks.csv"
items = "items.csv"

[split]
part = "split.leave_last_out.v1"

[blocks.title]
part = "text.tfidf.v1"
fields = ["title"]

[blocks.colour]
part = "text.tfidf.v1"
fields = ["colour"]

[models.popularity]
part = "model.popularity.v1"

[models.ids]
part = "model.cooccurrence.v1"

[models.by-title]
part = "model.text_kernel.v1"
block = "title"

[models.by-colour]
part = "model.text_kernel.v1"
block = "colour"

[models.all]
part = "model.blend.v1"
members = ["ids", "by-title", "by-colour"]

RECIPE

# another one that says only what differs
cat > quick.toml <<'RECIPE'
extends = "words.toml"
drop = ["models.popularity", "models.by-colour", "blocks.colour"]

[models.all]
members = ["ids", "by-title"]

[evaluate]
controls = false
RECIPE

palate run words.toml --out runs/words
palate run quick.toml --out runs/quick --quiet

# which block is worth its price, and the recipe without what is not
palate importance runs/words
palate select runs/words --out smaller.toml
palate run smaller.toml --out runs/smaller --quiet

# what a customer would be shown; any finished run answers
python -c 'import palate; print(palate.Run("runs/smaller").recommend("7", k=3))'

echo "look at $folder/runs/words/report.html"
