"""Alerts as senders write them, by hand: no writer of ours had part in them.

Their forms are those of Italian and European services (a geocode and no polygon, a prefix for the
namespace, several languages, an update and a cancel); names, places and times are made up.
"""

from __future__ import annotations

EMMA_ONLY = b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>2.49.0.0.380.3.IT.260501093000.LOMB</identifier>
  <sender>bollettini@meteo.example</sender>
  <sent>2026-05-01T09:30:00-00:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <code>profile:CAP-AU:1.0</code>
  <info>
    <language>it-IT</language>
    <category>Met</category>
    <event>Allerta gialla per temporali</event>
    <responseType>Monitor</responseType>
    <urgency>Future</urgency>
    <severity>Moderate</severity>
    <certainty>Likely</certainty>
    <effective>2026-05-01T09:30:00-00:00</effective>
    <onset>2026-05-02T00:00:00+02:00</onset>
    <expires>2026-05-02T23:59:59+02:00</expires>
    <senderName>Servizio meteo</senderName>
    <headline>Temporali in Lombardia</headline>
    <description>Possibili temporali con raffiche &amp; fulmini (&gt; 50 km/h).</description>
    <web>https://meteo.example/allerte</web>
    <parameter><valueName>awareness_level</valueName><value>2; yellow; Moderate</value></parameter>
    <parameter><valueName>awareness_type</valueName><value>3; Thunderstorm</value></parameter>
    <area>
      <areaDesc>Lombardia</areaDesc>
      <geocode><valueName>EMMA_ID</valueName><value>IT003</value></geocode>
    </area>
  </info>
  <info>
    <language>en-GB</language>
    <category>Met</category>
    <event>Yellow thunderstorm warning</event>
    <responseType>Monitor</responseType>
    <urgency>Future</urgency>
    <severity>Moderate</severity>
    <certainty>Likely</certainty>
    <effective>2026-05-01T09:30:00-00:00</effective>
    <onset>2026-05-01T22:00:00-00:00</onset>
    <expires>2026-05-02T21:59:59-00:00</expires>
    <senderName>Weather service</senderName>
    <headline>Thunderstorms in Lombardy</headline>
    <description><![CDATA[Thunderstorms with gusts > 50 km/h, hail & lightning.]]></description>
    <web>https://meteo.example/alerts</web>
    <parameter><valueName>awareness_level</valueName><value>2; yellow; Moderate</value></parameter>
    <parameter><valueName>awareness_type</valueName><value>3; Thunderstorm</value></parameter>
    <area>
      <areaDesc>Lombardy</areaDesc>
      <geocode><valueName>EMMA_ID</valueName><value>IT003</value></geocode>
    </area>
  </info>
</alert>
"""

DAM = """<?xml version='1.0' encoding='iso-8859-1'?>
<!-- rischio dighe -->
<cap:alert xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"
    xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="urn:oasis:names:tc:emergency:cap:1.2 CAP-v1.2.xsd"
><cap:identifier>DIGA-1</cap:identifier><cap:sender>sala@diga.example</cap:sender
><cap:sent>2026-05-01T12:00:00+02:00</cap:sent><cap:status>Actual</cap:status
><cap:msgType>Alert</cap:msgType><cap:source>Sala operativa</cap:source><cap:scope>Public</cap:scope
><cap:incidents>"Diga Alta" piena</cap:incidents>
 <cap:info><cap:language>it</cap:language><cap:category>Infra</cap:category
 ><cap:category>Safety</cap:category><cap:event>Collasso della diga</cap:event
 ><cap:responseType>Evacuate</cap:responseType><cap:urgency>Immediate</cap:urgency
 ><cap:severity>Extreme</cap:severity><cap:certainty>Likely</cap:certainty
 ><cap:expires>2026-05-01T18:00:00+02:00</cap:expires
 ><cap:headline>L'acqua sta arrivando: sali pi\u00f9 in alto</cap:headline
 ><cap:area><cap:areaDesc>Valle sotto la diga</cap:areaDesc
  ><cap:polygon>
    42.70,13.20 42.70,13.30
    42.80,13.30 42.80,13.20 42.70,13.20
  </cap:polygon><cap:circle>42.75,13.35 5</cap:circle
  ><cap:altitude>0</cap:altitude><cap:ceiling>1500</cap:ceiling></cap:area></cap:info>
</cap:alert>""".encode("iso-8859-1")


def _after(identifier: str, sent: str, kind: str, references: str, rest: str) -> bytes:
    return f"""<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
<identifier>{identifier}</identifier>
<sender>sala@diga.example</sender><sent>{sent}</sent><status>Actual</status><msgType>{kind}</msgType>
<scope>Public</scope><references>{references}</references>{rest}</alert>""".encode()


DAM_UPDATE = _after(
    "DIGA-2",
    "2026-05-01T11:00:00-00:00",
    "Update",
    "sala@diga.example,DIGA-1,2026-05-01T12:00:00+02:00",
    """<info><language>it</language><category>Infra</category><event>Collasso della diga</event>
<responseType>Shelter</responseType><urgency>Immediate</urgency><severity>Severe</severity>
<certainty>Observed</certainty><expires>2026-05-01T20:00:00+02:00</expires>
<resource><resourceDesc>Mappa</resourceDesc><mimeType>image/png</mimeType><size>5</size>
<derefUri>aGFs
bG8=</derefUri></resource>
<area><areaDesc>Valle sotto la diga</areaDesc><circle>42.75,13.25 12.5</circle></area></info>""",
)
DAM_CANCEL = _after(
    "DIGA-3",
    "2026-05-01T15:00:00+02:00",
    "Cancel",
    "sala@diga.example,DIGA-1,2026-05-01T12:00:00+02:00\n"
    "sala@diga.example,DIGA-2,2026-05-01T13:00:00+02:00",
    "",
)
"""It names the update by the same instant in another offset."""

VECTORS = (EMMA_ONLY, DAM, DAM_UPDATE, DAM_CANCEL)
