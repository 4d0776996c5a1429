#!/bin/sh
# The roles of the instances and of analysts, made with the database; what each may do is granted by huizong store init.
set -eu
for role in huizong analyst; do
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
        --set "role=$role" --set "password=$(cat "${SECRETS:-/run/secrets}/$role-password")" <<'END'
CREATE ROLE :"role" LOGIN PASSWORD :'password';
END
done
# Nobody makes anything of their own here but its owner.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" --set "database=$POSTGRES_DB" <<'END'
REVOKE TEMPORARY ON DATABASE :"database" FROM PUBLIC;
END
