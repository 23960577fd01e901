"""What the demo company's market is made of: names, companies, positions."""

# Family and given names with their readings.
FAMILY = [
    ("佐藤", "サトウ"), ("鈴木", "スズキ"), ("高橋", "タカハシ"), ("田中", "タナカ"), ("伊藤", "イトウ"),
    ("渡辺", "ワタナベ"), ("山本", "ヤマモト"), ("中村", "ナカムラ"), ("小林", "コバヤシ"), ("加藤", "カトウ"),
    ("吉田", "ヨシダ"), ("山田", "ヤマダ"), ("佐々木", "ササキ"), ("松本", "マツモト"), ("井上", "イノウエ"),
    ("木村", "キムラ"), ("林", "ハヤシ"), ("清水", "シミズ"), ("斎藤", "サイトウ"), ("森", "モリ"),
    ("池田", "イケダ"), ("橋本", "ハシモト"), ("石川", "イシカワ"), ("前田", "マエダ"), ("藤田", "フジタ"),
    ("岡田", "オカダ"), ("長谷川", "ハセガワ"), ("村上", "ムラカミ"), ("近藤", "コンドウ"), ("石井", "イシイ"),
    ("髙﨑", "タカサキ"), ("渡邉", "ワタナベ"), ("遠藤", "エンドウ"), ("青木", "アオキ"), ("坂本", "サカモト"),
]  # fmt: skip
GIVEN = [
    ("彩", "アヤ"), ("健", "ケン"), ("翔太", "ショウタ"), ("直樹", "ナオキ"), ("美咲", "ミサキ"),
    ("陽子", "ヨウコ"), ("大輔", "ダイスケ"), ("恵", "メグミ"), ("拓海", "タクミ"), ("結衣", "ユイ"),
    ("誠", "マコト"), ("由美", "ユミ"), ("浩", "ヒロシ"), ("真理", "マリ"), ("和也", "カズヤ"),
    ("さくら", "サクラ"), ("亮", "リョウ"), ("智子", "トモコ"), ("隆", "タカシ"), ("葵", "アオイ"),
    ("学", "マナブ"), ("千尋", "チヒロ"), ("剛", "ツヨシ"), ("麻衣", "マイ"), ("悠斗", "ユウト"),
]  # fmt: skip
ENGLISH_FAMILY = [
    "Weber", "Miller", "Garcia", "Nguyen", "Rossi", "Novak", "Andersen", "Okafor", "Silva", "Dubois", "Kowalski",
    "Murphy", "Larsen", "Schmidt", "Patel", "Tan", "Hughes", "Costa", "Berg", "Fischer",
]  # fmt: skip
ENGLISH_GIVEN = [
    "Daniel", "Laura", "Priya", "Marco", "Ingrid", "Tomas", "Chloe", "Ahmed", "Sofia", "Liam", "Nina", "Oscar",
    "Emma", "Jonas", "Hannah", "Victor", "Alice", "Peter", "Grace", "Ivan",
]  # fmt: skip

PLACES = [
    ("ヤマト", "yamato"), ("北浜", "kitahama"), ("豊洲", "toyosu"),
    ("港", "minato"), ("栄", "sakae"), ("福地", "fukuchi"),
    ("東雲", "shinonome"), ("三河", "mikawa"), ("日向", "hyuga"), ("青葉台", "aobadai"), ("常盤", "tokiwa"),
    ("大江", "ooe"), ("白鷺", "shirasagi"), ("桜井", "sakurai"), ("浅間", "asama"), ("湊川", "minatogawa"),
    ("若狭", "wakasa"), ("那須", "nasu"), ("明石", "akashi"), ("富士見", "fujimi"), ("八雲", "yakumo"),
    ("長良", "nagara"), ("天竜", "tenryu"), ("隅田", "sumida"), ("相模", "sagami"), ("駿河", "suruga"),
    ("伊吹", "ibuki"), ("榛名", "haruna"), ("筑波", "tsukuba"), ("阿蘇", "aso"),
]  # fmt: skip
TRADES = [
    ("精機", "precision", "機械"), ("食品", "foods", "食品"),
    ("化学", "chemical", "化学"), ("電機", "electric", "電機"),
    ("自動車部品", "motors", "自動車"), ("製薬", "pharma", "製薬"),
    ("物流", "logistics", "物流"), ("セラミックス", "ceramics", "窯業"),
    ("ソフト", "soft", "情報通信"), ("商事", "trading", "商社"),
    ("建設", "construction", "建設"), ("印刷", "print", "印刷"),
]  # fmt: skip
WESTERN = [
    "Alpenstahl", "Baltic", "Cobalt", "Delta", "Everline", "Falkirk", "Granit", "Harbour", "Isar", "Juniper", "Kestrel",
    "Lindholm", "Meridian", "Nordsee", "Orchard", "Pinecrest", "Quarry", "Riverside", "Sterling", "Tideway",
]  # fmt: skip
WESTERN_TRADES = [
    ("Machinery", "Machinery"), ("Foods", "Food"), ("Chemicals", "Chemicals"), ("Electronics", "Electronics"),
    ("Automotive", "Automotive"), ("Retail", "Retail"), ("Logistics", "Logistics"), ("Media", "Media"),
]  # fmt: skip

# Title, department, seniority: of the buyers both teams agreed on, and of others.
BUYERS_JA = [
    ("製造部 部長", "製造部", "部長"), ("工場長", "製造本部", "部長"), ("生産技術課 課長", "生産技術部", "課長"),
    ("DX推進室 室長", "DX推進室", "部長"),
    ("品質保証部 部長", "品質保証部", "部長"), ("品質管理課 課長", "品質管理部", "課長"),
    ("情報システム部 部長", "情報システム部", "部長"), ("情報システム課 課長", "情報システム部", "課長"),
]  # fmt: skip
BUYERS_EN = [
    ("Plant Manager", "Production", "Manager"), ("Head of Digital Operations", "Operations", "Head"),
    ("Director of Manufacturing", "Manufacturing", "Director"), ("Quality Manager", "Quality assurance", "Manager"),
    ("Head of IT", "IT", "Head"), ("VP Operations", "Operations", "VP"),
]  # fmt: skip
OTHERS_JA = [
    ("営業担当", "営業部", ""), ("総務担当", "総務部", ""),
    ("経理課 主任", "経理部", "主任"), ("人事担当", "人事部", ""),
    ("学生", "", ""), ("コンサルタント", "", ""), ("製造部 担当", "製造部", ""), ("購買担当", "購買部", ""),
]  # fmt: skip
OTHERS_EN = [
    ("Sales Representative", "Sales", ""), ("Student", "", ""), ("Consultant", "", ""), ("HR Specialist", "HR", ""),
    ("Production Engineer", "Production", ""), ("Accountant", "Finance", ""),
]  # fmt: skip
FREE_MAIL = ["gmail.com", "yahoo.co.jp", "outlook.com"]

PAGES = ["/", "/features", "/cases", "/cases/kitahama", "/blog/paperless", "/blog/oee", "/company", "/careers"]
CONTENT = ["ROI sheet", "Audit guide", "ペーパーレス工場の始め方", "導入事例集", "OEE handbook"]
WEBINARS = ["Paperless shop floor", "現場DXセミナー", "From audit to insight"]
