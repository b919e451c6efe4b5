from kindred.frames import to_pandas
from kindred.identity import resolve_identities


def model(dbt, session):
    edges = to_pandas(dbt.ref("int_identities__edges"))
    users = resolve_identities(edges, max_logins=dbt.config.meta_get("max_logins"))
    return users.assign(run_number=1, identifier_key=range(len(users)))
