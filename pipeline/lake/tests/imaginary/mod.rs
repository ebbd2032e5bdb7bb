//! Imaginary people with known truth: identities, and what registers make of them. Drawn from hashes of (seed, person, place): the same on every machine.
#![allow(dead_code)]

/// What a register does to a value of the same person, as shares. The tests compare what is learned with these.
pub const BIRTH_SAME: f64 = 0.92;
pub const BIRTH_SLIP: f64 = 0.05;
pub const COUNTY_SAME: f64 = 0.80;
pub const CITY_SAME: f64 = 0.12;
pub const ADDRESS_SAME: f64 = 0.60;
pub const PHONE_SAME: f64 = 0.70;
pub const NAME_SAME: f64 = 0.86;
pub const NAME_VARIANT: f64 = 0.06;
pub const NAME_SOUND: f64 = 0.04;
/// Share of values that are missing: birth, address, phone.
pub const MISSING: [f64; 3] = [0.10, 0.10, 0.25];
/// Counties, in cities of ten.
pub const COUNTIES: u64 = 90;
/// Days of birth: 1950 to 2004.
pub const BIRTHS: u64 = 55 * 365;

/// By share of the population, the commonest first.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";
const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志梅文斌辉鹏飞宇浩然子轩梓涵欣怡雨诗琪雪婷佳慧颖晨阳博思远嘉俊凯瑞泽宏图振东海波晓光荣发永福长春生根水土木林森鑫淼焱垚德贵财宝庆云山川峰岭松柏竹菊莲荷香凤龙虎彪豪雄健康安宁乐天仁义礼智信忠孝廉洁正清白亮彬彦哲睿翔腾跃进步新民立学成才英俊美玲珍珠琴瑟书画锦绣绮罗裳月星辰露霜冰寒暖夏秋冬";
/// Simplified signs of the lists above and what an old register writes for them.
const VARIANTS: [(char, char); 24] = [
    ('张', '張'),
    ('刘', '劉'),
    ('陈', '陳'),
    ('杨', '楊'),
    ('黄', '黃'),
    ('赵', '趙'),
    ('吴', '吳'),
    ('孙', '孫'),
    ('马', '馬'),
    ('罗', '羅'),
    ('郑', '鄭'),
    ('谢', '謝'),
    ('许', '許'),
    ('韩', '韓'),
    ('伟', '偉'),
    ('丽', '麗'),
    ('军', '軍'),
    ('杰', '傑'),
    ('涛', '濤'),
    ('华', '華'),
    ('国', '國'),
    ('兰', '蘭'),
    ('红', '紅'),
    ('龙', '龍'),
];
/// Signs of the same sound.
const SOUNDS: [(char, char); 12] = [
    ('伟', '玮'),
    ('芳', '方'),
    ('静', '靖'),
    ('丽', '莉'),
    ('强', '墙'),
    ('军', '君'),
    ('杰', '洁'),
    ('明', '铭'),
    ('华', '骅'),
    ('玉', '钰'),
    ('志', '智'),
    ('文', '雯'),
];
const ROADS: &str =
    "文青学院解放人民中山建设和平新华胜利光明朝阳东风红旗团结幸福友谊长江黄河泰山西湖南京北京上海天目灵隐凤起庆春体育环城江南滨河";

/// One person as one register has them: name, birth, region, address, phone.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub person: u64,
    pub name: String,
    pub birth: Option<String>,
    pub region: String,
    pub address: Option<String>,
    pub phone: Option<String>,
}

/// Draws by place: SplitMix64 of seed, person and a counter.
pub struct Draw {
    state: u64,
}

impl Draw {
    pub fn new(seed: u64, person: u64) -> Draw {
        Draw { state: seed.wrapping_mul(0xd6e8_feb8_6659_fd93) ^ person.wrapping_mul(0xa076_1d64_78bd_642f) }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A sign of a list, the first ones commoner.
    fn sign(&mut self, list: &[char]) -> char {
        let share = self.share();
        list[(share * share * list.len() as f64) as usize]
    }
}

/// The signs of the lists, ready to draw from.
pub struct Town {
    surnames: Vec<char>,
    given: Vec<char>,
    roads: Vec<char>,
    seed: u64,
}

impl Town {
    pub fn new(seed: u64) -> Town {
        Town { surnames: SURNAMES.chars().collect(), given: GIVEN.chars().collect(), roads: ROADS.chars().collect(), seed }
    }

    /// A person as they are.
    pub fn person(&self, person: u64) -> Entry {
        let mut draw = Draw::new(self.seed, person);
        let mut name = draw.sign(&self.surnames).to_string();
        let signs = if draw.share() < 0.2 { 1 } else { 2 };
        (0..signs).for_each(|_| name.push(draw.sign(&self.given)));
        let birth = birth(draw.below(BIRTHS));
        let region = region(draw.below(COUNTIES));
        let address = self.address(&mut draw);
        let phone = phone(&mut draw);
        Entry { person, name, birth: Some(birth), region, address: Some(address), phone: Some(phone) }
    }

    /// The person as the `n`th other register has them.
    pub fn other(&self, person: u64, n: u64) -> Entry {
        let mut entry = self.person(person);
        let mut draw = Draw::new(self.seed ^ 0x5bd1_e995 ^ (n << 32), person);
        entry.name = self.other_name(&entry.name, &mut draw);
        let share = draw.share();
        if share >= BIRTH_SAME + BIRTH_SLIP {
            entry.birth = Some(birth(draw.below(BIRTHS)));
        } else if share >= BIRTH_SAME {
            entry.birth = entry.birth.map(|b| slipped(&b, &mut draw));
        }
        let share = draw.share();
        if share >= COUNTY_SAME + CITY_SAME {
            entry.region = region(draw.below(COUNTIES));
        } else if share >= COUNTY_SAME {
            let last: u64 = entry.region[4..].parse().unwrap();
            entry.region = format!("{}{:02}", &entry.region[..4], last % 10 + 1);
        }
        if draw.share() >= ADDRESS_SAME {
            entry.address = Some(self.address(&mut draw));
        }
        if draw.share() >= PHONE_SAME {
            entry.phone = Some(phone(&mut draw));
        }
        let mut hide = |value: &mut Option<String>, share: f64| {
            if draw.share() < share {
                *value = None;
            }
        };
        hide(&mut entry.birth, MISSING[0]);
        hide(&mut entry.address, MISSING[1]);
        hide(&mut entry.phone, MISSING[2]);
        entry
    }

    fn other_name(&self, name: &str, draw: &mut Draw) -> String {
        let share = draw.share();
        let swap = |pairs: &[(char, char)]| {
            let mut done = false;
            let signs = name.chars().map(|c| {
                let found = pairs.iter().find(|(from, _)| *from == c).filter(|_| !done);
                done |= found.is_some();
                found.map_or(c, |(_, to)| *to)
            });
            let swapped = signs.collect::<String>();
            done.then_some(swapped)
        };
        match share {
            s if s < NAME_SAME => name.to_owned(),
            // A name without such a sign is written with a space: also a variant.
            s if s < NAME_SAME + NAME_VARIANT => swap(&VARIANTS).unwrap_or_else(|| format!("{} {}", first(name), rest(name))),
            s if s < NAME_SAME + NAME_VARIANT + NAME_SOUND => swap(&SOUNDS).unwrap_or_else(|| format!("{}　{}", first(name), rest(name))),
            _ => format!("{}{}", first(name), draw.sign(&self.given)),
        }
    }

    fn address(&self, draw: &mut Draw) -> String {
        let road: String = (0..2).map(|_| draw.sign(&self.roads)).collect();
        format!("{road}路{}号{}幢{}室", draw.below(400) + 1, draw.below(20) + 1, (draw.below(18) + 1) * 100 + draw.below(4) + 1)
    }
}

fn first(name: &str) -> char {
    name.chars().next().unwrap()
}

fn rest(name: &str) -> String {
    name.chars().skip(1).collect()
}

fn birth(day: u64) -> String {
    let (year, of_year) = (1950 + day / 365, day % 365);
    format!("{year}-{:02}-{:02}", (of_year / 31 + 1).min(12), of_year % 31 + 1)
}

/// One digit of month or day changed, or two of them swapped.
fn slipped(birth: &str, draw: &mut Draw) -> String {
    let mut digits: Vec<u8> = birth.bytes().collect();
    let at = [6, 8, 9][draw.below(3) as usize];
    digits[at] = b'0' + (digits[at] - b'0' + 1 + draw.below(8) as u8) % 10;
    String::from_utf8(digits).unwrap()
}

fn region(county: u64) -> String {
    format!("99{:02}{:02}", county / 10 + 1, county % 10 + 1)
}

fn phone(draw: &mut Draw) -> String {
    format!("199{:08}", draw.below(100_000_000))
}
