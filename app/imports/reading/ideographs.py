"""Which characters the names of people in China, Taiwan, Japan and Korea are mostly written with. Pure.

Tells their encodings apart, in which the same bytes are characters everywhere: elsewhere they are rare ones.
"""

from collections.abc import Mapping
from typing import Final

COMMON: Final[Mapping[str, frozenset[str]]] = {
    "japanese": frozenset(
        "田中山川木村藤佐伊高橋渡辺邉小林加吉鈴斎斉井上松本石原野大島清水口池西森阿部岡近谷宮坂内前後遠東南北安"
        "子美太郎一二三四男人由紀恵智香真幸正明弘和雄夫彦之介翔健樹菜奈葵愛陽結衣桜花千秋久保平竹福長崎成増浜"
        "会社株式部課長名姓氏電話住所県市区町"
    )
    | frozenset(map(chr, range(0x3041, 0x3100))),
    "simplified": frozenset(
        "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许邓韩冯曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚"
        "卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤"
        "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文志海永春梅晓小雪婷宇浩子轩涵思佳欣梓"
        "姓名公司部门电话邮箱"
    ),
    "traditional": frozenset(
        "陳林黃張李王吳劉蔡楊許鄭謝郭洪邱曾廖賴徐周葉蘇莊呂江何蕭羅高潘簡朱鍾游彭詹胡施沈余趙盧梁顏柯孫魏翁戴范"
        "方宋鄧杜傅侯曹薛丁卓馬董唐藍石蔣古紀姚連馮歐程湯"
        "美玉雅惠淑芬麗君怡志明家豪俊宏偉文華建國英婷宗翰冠宇承恩欣柏小大姓名公司部門電話"
    ),
    "korean": frozenset(
        "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진나지엄채원천방공현함변염여"
        "추도소석선설마길연위표명기반라왕금옥육인맹제모탁국어은편용영수미경희숙순자호준상철동혜훈재아름빈윤승태광"
        "이름회사부서전화"
    ),
}
_CODECS: Final = {"japanese": "euc_jp", "simplified": "gb2312", "traditional": "big5", "korean": "euc_kr"}
# The first byte of the characters of daily use: the first level of each standard.
_LEVELS: Final = {
    "japanese": (0xA1, 0xCF),
    "simplified": (0xB0, 0xD7),
    "traditional": (0xA4, 0xC6),
    "korean": (0xB0, 0xC8),
}


def is_common(letter: str, script: str) -> bool:
    """Whether a character is of daily use in a script."""
    try:
        written = letter.encode(_CODECS[script])
    except UnicodeEncodeError:
        return False
    first, last = _LEVELS[script]
    return first <= written[0] <= last
