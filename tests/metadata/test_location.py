"""One canonical location for the many spellings of an address."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clew.metadata.errors import Invalid
from clew.metadata.location import URI_MAX_CHARS, canonical, of_dataset

URI = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60),
    st.builds(
        "{}{}{}{}".format,
        st.sampled_from(["s3", "S3A", "s3n", "gs", "gcs", "file", "FILE", "hdfs", "https", "abfs", "urn", "a.b+c-d"]),
        st.sampled_from([":", ":/", "://", ":///"]),
        st.sampled_from(["", "Bucket", "user@Host:443", "localhost", "h:8020", "//"]),
        st.sampled_from(["", "/", "//", "/a//b/", "/a/b", "?q=/", "/C:/x/"]),
    ),
)


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        ("s3a://Lake/Raw/", "s3://Lake/Raw"),
        ("S3N://Lake/Raw", "s3://Lake/Raw"),
        ("s3://Lake//Raw", "s3://Lake//Raw"),
        ("gcs://b/x", "gs://b/x"),
        ("/data/raw.csv", "file:///data/raw.csv"),
        ("/data//raw/", "file:///data/raw"),
        ("file:/data/raw.csv", "file:///data/raw.csv"),
        ("file://localhost/data/raw.csv", "file:///data/raw.csv"),
        ("HTTPS://Example.org:443/A/", "https://example.org/A"),
        ("http://Example.org:443/A", "http://example.org:443/A"),
        ("hdfs://NameNode:8020/x", "hdfs://namenode/x"),
        ("/", "file:///"),
        ("urn:uuid:Ab", "urn:uuid:Ab"),
        ("relative/path/", "relative/path"),
        ("", ""),
        ("/data/./x/../raw.csv", "file:///data/raw.csv"),
        ("file:///data/a%20b%C3%A9", "file:///data/a bé"),
        ("file:///data/a%2Fb%25", "file:///data/a%2Fb%25"),
        ("C:\\data\\raw.csv", "file:///C:/data/raw.csv"),
        ("wasb://box@Lake.blob.core.windows.net/raw/", "abfss://box@lake.dfs.core.windows.net/raw"),
        ("abfs://box@lake.dfs.core.windows.net/raw", "abfss://box@lake.dfs.core.windows.net/raw"),
        ("dbfs:/mnt/raw/", "dbfs:/mnt/raw"),
        ("dbfs:///mnt/raw", "dbfs:/mnt/raw"),
        ("hdfs:///raw", "hdfs:/raw"),
        ("hdfs:/raw", "hdfs:/raw"),
        ("runs:/abc/model/", "runs:/abc/model"),
        ("models:/churn@champion", "models:/churn@champion"),
        ("mlflow-artifacts:/0/abc/artifacts", "mlflow-artifacts:/0/abc/artifacts"),
        ("mlflow-artifacts:///0/abc/artifacts", "mlflow-artifacts:/0/abc/artifacts"),
        ("postgresql://H:5432/db", "postgres://h/db"),
        ("postgresql+psycopg://ann:pw@h/db?sslmode=require", "postgres://h/db"),
        ("jdbc:postgresql://h:5432/db?user=ann&password=pw", "postgres://h/db"),
        ("jdbc:sqlserver://h:1433;databaseName=db;user=ann;password=pw", "sqlserver://h/db"),
        ("jdbc:oracle:thin:ann/pw@//h:1521/service", "oracle://h/service"),
        ("jdbc:oracle:thin:@h:1521:SID", "oracle://h/SID"),
        ("jdbc:snowflake://org-acct.snowflakecomputing.com/?user=ann&db=D", "snowflake://org-acct/D"),
        ("jdbc:sqlite:/data/x.db", "jdbc:sqlite:/data/x.db"),
        ("https://ann:pw@example.org/x?a=1&access_token=t", "https://example.org/x?a=1"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Signature=1", "https://b.s3.amazonaws.com/k"),
        ("s3://KEY:SECRET@bucket/k", "s3://bucket/k"),
    ],
)
def test_spellings_of_one_address_meet(uri: str, location: str) -> None:
    assert canonical(uri) == location


@given(URI)
def test_a_canonical_location_is_its_own_canonical_location(uri: str) -> None:
    once = canonical(uri)
    assert canonical(once) == once


@pytest.mark.parametrize("uri", ["a\0b", "s3://\ud800", "x" * (URI_MAX_CHARS + 1), 5, b"s3://x"])
def test_what_is_no_uri_is_refused(uri: object) -> None:
    with pytest.raises(Invalid) as caught:
        canonical(uri)  # type: ignore[arg-type]
    assert caught.value.field == "uri"


@pytest.mark.parametrize(
    ("namespace", "name", "location"),
    [
        ("s3://lake", "raw/x", "s3://lake/raw/x"),
        ("s3a://lake/", "/raw/x", "s3://lake/raw/x"),
        ("gs://lake", "raw", "gs://lake/raw"),
        ("abfss://box@lake.dfs.core.windows.net", "raw", "abfss://box@lake.dfs.core.windows.net/raw"),
        ("dbfs://shop", "raw", "dbfs://shop/raw"),
        ("hdfs://nn:8020", "/raw", "hdfs://nn/raw"),
        ("file", "/data/raw.csv", "file:///data/raw.csv"),
        ("file", "data/raw.csv", "file:///data/raw.csv"),
        ("file://host", "/data/raw.csv", "file://host/data/raw.csv"),
        ("kafka://h:9092", "topic", "kafka://h/topic"),
        ("pubsub", "topic:project:name", "pubsub:topic:project:name"),
        ("postgres://h:5432", "db.public.orders", "postgres://h/db.public.orders"),
        ("mysql://h:3306", "db.orders", "mysql://h/db.orders"),
        ("oracle://h:1521", "service.schema.t", "oracle://h/service.schema.t"),
        ("sqlserver://h:1433", "db.dbo.t", "sqlserver://h/db.dbo.t"),
        ("redshift://cluster.eu-west-1:5439", "db.s.t", "redshift://cluster.eu-west-1/db.s.t"),
        ("snowflake://org-acct", "D.S.T", "snowflake://org-acct/D.S.T"),
        ("trino://h:8080", "c.s.t", "trino://h:8080/c.s.t"),
        ("cassandra://h:9042", "k.t", "cassandra://h/k.t"),
        ("hive://h:10000", "d.t", "hive://h/d.t"),
        ("spanner://project:instance", "d.s.t", "spanner://project:instance/d.s.t"),
        ("teradata://h:1025", "d.t", "teradata://h:1025/d.t"),
        ("bigquery", "project.dataset.table", "bigquery:project.dataset.table"),
        ("arn:aws:glue:eu-west-1:12", "table/db/t", "arn:aws:glue:eu-west-1:12:table/db/t"),
        ("awsathena://athena.eu-west-1.amazonaws.com", "c.d.t", "awsathena://athena.eu-west-1.amazonaws.com/c.d.t"),
        ("azurecosmos://h/dbs/d", "colls/t", "azurecosmos://h/dbs/d/colls/t"),
        ("azurekusto://h.kusto.windows.net", "d/t", "azurekusto://h.kusto.windows.net/d/t"),
        ("inmemory://", "t", "inmemory:///t"),
        ("food_delivery", "public.orders", "food_delivery:public.orders"),
        ("", "orders", "orders"),
    ],
)
def test_a_dataset_of_openlineage_has_a_location(namespace: str, name: str, location: str) -> None:
    assert of_dataset(namespace, name) == location
    assert canonical(location) == location


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_dataset_has_a_location_that_is_its_own_canonical_one(namespace: str, name: str) -> None:
    try:
        location = of_dataset(namespace, name)
    except Invalid:
        return
    assert canonical(location) == location


SECRET = "Kennwort-7"


@given(
    st.sampled_from([
        "postgresql://ann:{}@h/db", "jdbc:postgresql://ann:{}@h/db", "mysql+pymysql://ann:{}@h:3306/db?x=1",
        "jdbc:mysql://h/db?user=ann&password={}&useSSL=true", "jdbc:sqlserver://h;databaseName=d;password={};user=a",
        "jdbc:oracle:thin:ann/{}@//h:1521/s", "snowflake://ann:{}@acct/db", "https://ann:{}@h/x", "s3://key:{}@b/x",
        "https://h/x?token={}", "https://h/x?a=1&sig={}&b=2", "wasbs://box:{}@acct.blob.core.windows.net/x",
        "ftp://ann:{}@h/x", "mongodb://ann:{}@h1:27017,h2/db?authSource=admin", "jdbc:h2:mem:x;PASSWORD={}",
        "hdfs://ann:{}@nn/x", "jdbc:trino://h:443/c?accessToken={}", "https://h/x?X-Amz-Security-Token={}#part",
    ]),
    st.text(st.sampled_from("ab/?#;&=%1"), max_size=6),
)  # fmt: skip
def test_a_location_tells_no_password_and_no_token(form: str, odd: str) -> None:
    if "=" in form.partition("{}")[0].rpartition("/")[2]:
        odd = odd.translate({ord(c): None for c in "&;#"})
    elif "postgres" not in form and "mysql" not in form and "snowflake" not in form:
        odd = ""
    location = canonical(form.format(odd + SECRET))
    assert SECRET not in location
    assert canonical(location) == location
