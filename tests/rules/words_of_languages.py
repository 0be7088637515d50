"""Words with letters beyond a to z, most of them names, by language: what encodings are told apart by."""

WORDS = {
    "french": """
        René Renée André Andrée François Françoise Frédéric Frédérique Hélène Michèle Geneviève Zoé Chloé Noël Noëlle
        Joël Joëlle Gaël Gaëlle Raphaël Raphaëlle Michaël Anaïs Loïc Eloïse Héloïse Maïté Aïcha Jérôme Côme Benoît
        Aurélie Amélie Mélanie Stéphanie Stéphane Sébastien Cédric Éric Édouard Étienne Élodie Émilie Éloïse Élise Ève
        Agnès Inès Solène Hervé Barnabé Désiré Désirée Thérèse Bérénice Béatrice Cécile Céline Gérard Grégory Grégoire
        Léa Léo Léon Léonie Théo Théodore Mathéo Timothée Jérémy Kévin Régis Rémi Rémy Valérie Valéry Véronique
        Clémence Clément Lefèvre Lefebvre Lemaître Lepêtre Châtelain Château Beaupré Bélanger Bérard Boyé Brûlé Crépin
        Désormeaux Dubé Duchêne Dufrêne Fénelon Forêt Gagné Gérôme Hébert Labbé Lacôte Ladurée Lévêque Maçon Mâcon
        Ménard Ménétrier Préfontaine Prévost Préville Raphaël Rémond Riché Sévigné Tétreault Thévenot Vézina L’Hôpital
        D’Étampes Citroën Saint-Saëns Bruyère Delacôte Gâtineau Bâtiment Pâquet Pâris Tâche Crête Fête Même Tête Chêne
        Pêcheur Évêque Bénévole Élève Société Générale Équipe Marché Qualité Comptabilité Développement Sécurité
        Défense Créations Hôtel Hôpital Île Île-de-France cœur sœur bœuf œuvre œil nœud vœux mœurs fœtus Sacré-Cœur
        Lebœuf manœuvre Vandœuvre chœur Œuvres où là déjà voilà être août goût coût sûr mûr flûte bûche dû Aÿ Louÿs
        Croÿ L’Haÿ naïf haïr égoïste ambiguë Noé Nîmes Besançon Alençon Garçon Leçon Reçu Façade Français Française
        Provençal Calvados Orléans Évreux Béziers Périgueux Liège Gembloux Huy Namur Ciney Chimay Malmédy Hérstal
        Ottignies-Louvain-la-Neuve Tubize Nivelles Été Hiver Prénom Téléphone Numéro Adresse électronique Équipe n° N°
        d’équipe «Étoile» Crédit Bénéfice Trésorerie Événement Évènement Capacité Élèves Étudiants Études Métier
        Mobilité Créativité Œdipe Zoë Chloë Daphné Aimé Aimée Dieudonné Honoré RENÉ HÉLÈNE FRANÇOIS NOËL JÉRÔME BENOÎT
        CÉLINE RENé HéLèNE BEAUPRé FRANçOIS LEFÈVRE CŒUR ÉCOLE À É étudiant·e·s salarié·e Aujourd’hui presqu’île
        quelqu’un l’Étoile d’Élite m² km² 5°C Qu’Appelle
    """,
    "dutch": """
        Daniël Daniëlle Michaël Raphaël Joël Joëlle Rafaël Gabriël Ismaël Israël Zoë Chloë Noë Noëlle Loïs Anaïs Maïté
        Aïda Naïma Saïd Saïda Zaïre Thaïs Eloïse Héloïse René Renée André Andrea José Désiré Aimé Cornée Dieudonné
        Jöran Jörg Björn Söhnke Mühlen Müller Schröder Jürgen Günther Böhm Köhler Bäcker Özdemir Öztürk Yücel Gökhan
        Gül Çelik Çetin Özge Şevval Curaçao François Françoise Françoi Gonçalves Peña Muñoz Nuñez Nynke Sjoerd Jelmer
        Sûdwest Fryslân België Italië Spanje Australië Azië Oekraïne Roemenië Tunesië Algerije coördinator coördinatie
        coöperatie coöperatief zoölogie reünie vacuüm financiën ideeën zeeën knieën kopiëren geïnteresseerd
        geïnformeerd beïnvloed egoïst naïef officiële officieel materiële patiënt patiënten cliënt cliënten efficiënt
        efficiëntie reëel ruïne tweeëntwintig crèche scène café cafés privé paté enquête crêpe fêteren gêne maître
        coûte première barrière carrière ampère D’Hondt D’hooghe D’haene D’Hoker T’Jampens T’Kindt ’t Hooft
        ’s-Hertogenbosch ’s-Gravenhage foto’s auto’s baby’s Vandenbroucke Van den Bossche Geëngageerd Beëdigd Zeeëend
        drieëntwintig één vóór dóór hè né Hé Jéróme Bé Coöperatie Ruïne Poëzie Poëzie Kafka-esk zoëven Tyroolse
        smörgåsbord Ångström Malmö Göteborg Ålesund Århus Skåne Søren Bjørn Zürich Düsseldorf Köln München Genève
        Béziers Curaçaos Guinée Réunion São Tomé Perú México Boëtius Moët Crayencour Haëntjens Van Aerschot-Noël Staël
        Citroën Renée-Marie D’Huyvetter D’Exelle Geünieerd Geëvalueerd Geüpload geüpdatet Coördinaten Aïsha Raïssa
        Moïse Caïn Sinaï Haïti Hawaï Dubaï Shanghaï
    """,
    "german": """
        Jörg Jürgen Jürg Günter Günther Käthe Kärntner Bärbel Bärbl Björn Sören Sönke Götz Uwe Rüdiger Lüder Lüders
        Dörte Dörthe Hänsel Häberle Häusler Jäger Jäckel Kästner Krämer Krüger Kröger Kühn Kühne König Köhler Köster
        Böhm Böhme Böttcher Bäcker Bäumer Büchner Bühler Müller Möller Möbius Mühlbauer Märtens Größ Groß Großmann
        Weiß Weißmann Strauß Preuß Voß Heß Schäfer Schäffer Schöne Schön Schönfeld Schröder Schröter Schütz Schütte
        Schürmann Schwärzel Stöver Stürmer Störmer Süß Sülzle Tänzer Töpfer Träger Übel Überschär Vögel Vogler Völker
        Wäscher Wölfel Würtz Würth Zöllner Züfle Ärmel Öhler Öztürk Özil Özgür Ölmez Gül Gökçe Akyüz Çelik Straße Gruß
        Fuß Maß Spaß Füße Größe Übung Übersicht Überstunden Änderung Österreich Württemberg Thüringen Köln München
        Nürnberg Düsseldorf Würzburg Göttingen Lübeck Münster Zürich Tübingen Universität Qualität Identität Männer
        Frauen Mädchen Bücher Tür Tor Länge Höhe Fläche Bäume Häuser Geschäftsführer Geschäftsführerin Vertriebsführer
        Führung Prüfung Schüler Schülerin Büro Grüße für über können müssen dürfen hätte wäre Löwe Löwenthal Lödige
        Röder Röttgen Rösler Rühl Rüttgers Föhr Förster Fröhlich Frühauf Fürst Gärtner Göbel Göhring Grünwald Grün
        Gröning Hölzl Höfer Höß Hübner Hübsch Hülsmann Jörn Jütte Kögl Köpke Külz Küster Lämmle Löffler Lüttich André
        René Desirée Zoé Café Exposé Variété Noëlle Chloë „Grün“ „Süd“ Müßig Nüßlein Käßmann Rößler Rößner Weigöl
        MÜLLER SCHRÖDER JÄGER GÄRTNER ÖSTERREICH ÜBUNG BÄR LÖWE KÖLN
    """,
    "spanish": """
        José María Jesús Ángel Ángeles Andrés Nicolás Tomás Matías Lucía Sofía Inés Raúl Saúl Rubén Iván Adrián Fabián
        Julián Germán Hernán Martín Agustín Joaquín Fermín Benjamín Sebastián Cristián Bastián Román Simón Ramón
        Gastón Óscar César Álvaro Alvaro Ángela Mónica Verónica Bárbara Belén Rocío Begoña Íñigo Iñaki Iñigo Nuño
        Núñez Nuñez Muñoz Ibáñez Ibañez Yáñez Ordóñez Peña Peñalver Zúñiga Castaño Cañas Cañizares Avendaño Montaño
        Treviño Patiño España Español Logroño Coruña García Rodríguez Martínez Hernández López González Pérez Sánchez
        Ramírez Fernández Gómez Díaz Vázquez Velázquez Álvarez Jiménez Giménez Gutiérrez Domínguez Suárez Juárez
        Márquez Méndez Menéndez Meléndez Bermúdez Benítez Ramón Rincón Calderón Beltrán Durán Galán Guzmán Millán
        Roldán Aragón Arguëllo Argüello Agüero Güemes Sigüenza Miguélez Ávila Ávalos Águila Cáceres Cárdenas Córdoba
        Málaga Cádiz Jaén León Alcalá Mérida México Perú Panamá Bogotá Medellín Asunción Concepción Dirección Teléfono
        Correo electrónico Código Población Año Niño Niña Señor Señora Compañía Diseño Formación Administración Móvil
        Público Técnico Básico Médico Número País Día Línea Página También Atención ¿Quién? ¡Hola! Nº 1ª Mª 2º Güell
        Lüsch Müller Françesc Alguëró Òscar Mònica Núria Sònia Gràcia Català Barça Vicenç Llorenç Rosselló Lluís JOSÉ
        MARÍA MUÑOZ NÚÑEZ GARCÍA ÁNGEL
    """,
    "portuguese": """
        João José Sebastião Simão Estêvão Abraão Adão Fabião Julião Damião Bastião Conceição Assunção Encarnação
        Ascensão Guimarães Magalhães Simões Camões Lousã Irmã Manhã Fátima Inês Agnês Luís Luísa Zé Tomé André Andréia
        Antônio António Antónia Vinícius Virgínia Patrícia Letícia Márcia Márcio Lúcia Lúcio Júlio Júlia Cláudio
        Cláudia Flávio Flávia Fábio Fábia Sérgio Rogério Mário Caíque Taís Thaís Raíssa Jéssica Mônica Verônica Ângela
        Ângelo Érica Érico Ítalo Íris Óscar Álvaro Gonçalo Gonçalves Lourenço Conceição França Bragança Esperança
        Graça Mendonça Praça Açores Ação Nação Informação Educação Administração São Paulo Maranhão Pará Amapá Goiás
        Piauí Ceará Paraná Brasília Goiânia Florianópolis Araújo Sá Sé Belém Barão Capitão Cristóvão Falcão Galvão
        Leão Leitão Mourão Negrão Pavão Pinhão Romão Salomão Serrão Trovão Varão Aragão Câmara Cândido Estância
        Infância Secretária Escritório Relatório Usuário Endereço Número Matrícula Código Município Pão Pães Mãe Mães
        Cão Cães Põe Corações Nações Ações Situações Lições Avô Avó Avôs Você Três Mês Português Inglês Francês
        Antônia Eugênia Eugênio Helênio Ênio Ênia Tênis Bênção Ciência Experiência Frequência Agência Ausência JOÃO
        SÃO CONCEIÇÃO GONÇALVES ÂNGELA
    """,
    "italian": """
        Nicolò Niccolò Noè Mosè Giosuè Salomè Gesù Cantù Corfù Forlì Mondovì Cefalù Città Libertà Università Qualità
        Società Unità Attività Identità Comunità Felicità Verità Bontà Virtù Gioventù Tribù Più Già Là Lì Sì Così
        Perché Poiché Caffè Tè Papà Mamma Papà Lunedì Martedì Venerdì Però Può Farò Sarà D’Angelo D’Amico D’Alessandro
        Dell’Acqua Dell’Orto Dall’Olio Sant’Anna Sant’Agata L’Aquila Sarà Nicolà Carrà Morì Bardò Zanù Fantò Calò Calì
        Marà Scirè Patanè Bonfà Nunziò Alì Arcà Badalà Bertè Bordò Carà Cucè Duò Falcò Fazì Foà Gambardè Lanà Macrì
        Mammolitì Nasò Pagà Surmonè Zappalà Località Età Sesso Identità Mobilità Responsabilità Contabilità È Finché
        È-mail MACRÌ CITTÀ NICOLÒ
    """,
    "nordic": """
        Åse Åsa Åke Åge Øystein Øyvind Ørjan Ødegård Ødegaard Øst Ærø Æbelø Søren Sørensen Jørgen Jørgensen Bjørn
        Bjørnson Bjørg Tørnqvist Møller Mørk Kjær Kjærsgaard Nygård Nygaard Gård Gårdsvoll Håkon Håkan Håvard Pål
        Pål-André Råd Ståle Tåge Vågå Våge Blåberg Blå Sjöberg Sjögren Sjöström Åström Ångström Lindström Bergström
        Nyström Engström Öberg Öhman Österberg Östlund Björk Björklund Björn Göran Gösta Görel Jörgen Sören Malmö
        Göteborg Växjö Örebro Västerås Umeå Luleå Håkansson Mårtensson Måns Mårten Bååth Grönlund Hägg Hägglund
        Häggström Kjellström Lövgren Löfgren Märta Mäki Mäkinen Mäkelä Määttä Hämäläinen Heikkilä Jääskeläinen Väinö
        Päivi Päivä Äijälä Äänekoski Töölö Hyvönen Söderström Söderlund Pyykkö Räsänen Räikkönen Häkkinen Kärkkäinen
        Lähteenmäki Niemelä Nieminen Pöllänen Pöysti Ylä-Outinen Sirpä Yrjö Yrjänä Øie Høie Høeg Bøe Røe Søe Høyer Høj
        Høiby Bøhler Bøgh Brøgger Grønn Grøn Kløve Lødrup Mjøs Nødtvedt Rødland Sjølie Skjønsberg Sløk Smørdal Strømme
        Strøm Thøgersen Tøfte Trøan Ågotnes Aagård Bækgaard Bæk Dæhli Fægri Gjærum Grægaard Kræmer Lægreid Mæhlum Næss
        Præst Ræder Sæther Sævik Særen Træen Væring Værøy Hæge Præstø Næstved Færøerne Tromsø Bodø Ålesund Århus
        Ålborg Nørrebro Østerbro Rømø Læsø Samsø Fanø Løgstør Ærøskøbing Skærbæk Sønderborg Tønder Åbenrå Håndværk
        Økonomi Ønske Sælger Måned År Række Køb Løn Børn Bøger Förnamn Efternamn Företag Språk Grupp År Lön Kön Ålder
        Henkilöstö Sähköposti Yritys Pääkäyttäjä Työ Ryhmä Kieli Käyttäjä Måling Språk Firma Får Går Må Så På Nå
    """,
    "icelandic": """
        Þór Þóra Þórður Þórdís Þórunn Þórarinn Þórhallur Þorsteinn Þorgeir Þorvaldur Þorbjörg Þuríður Þröstur Þráinn
        Þrúður Guðmundur Guðrún Guðjón Guðni Guðbjörg Guðlaug Guðný Sigurður Sigríður Sigrún Sigþór Friðrik Friðrika
        Friðþjófur Fríða Ragnheiður Hreiðar Hörður Heiða Heiðar Heiðrún Bárður Davíð Eiður Auður Aðalsteinn Aðalbjörg
        Unnur Bryndís Ásdís Ásgeir Ásta Ásmundur Ágúst Ágústa Árni Ármann Ólafur Ólöf Óskar Óðinn Örn Önundur Ögmundur
        Össur Ýr Ýmir Dýrleif Dýrfinna Jón Jóna Jónas Jóhann Jóhanna Jóhannes Jökull Kári Kolbrún Kristín Kristján
        Lára Lýður Magnús Már María Njáll Ómar Páll Pálína Pétur Rögnvaldur Rúnar Sævar Sæunn Sæmundur Snæbjörn Snædís
        Sólrún Sólveig Stefán Steinþór Svandís Sölvi Tómas Trausti Týr Úlfar Úlfur Valgerður Vífill Viðar Víðir Vigdís
        Völundur Ægir Ævar Hafþór Hafdís Bergþór Bergþóra Eyþór Arnþór Arnar Björk Björg Björgvin Brynjólfur Böðvar
        Elín Elísabet Erlendur Eyjólfur Gísli Grétar Hákon Hálfdán Hlín Ísak Íris Ívar Katrín Kjartan Kormákur
        Sigurðsson Guðmundsdóttir Þorsteinsson Jónsdóttir Ólafsdóttir Árnadóttir Reykjavík Akureyri Ísafjörður
        Hafnarfjörður Kópavogur Egilsstaðir Höfn Vestmannaeyjar Seyðisfjörður Neskaupstaður Alþingi
    """,
    "czech": """
        Jiří Jiřina Dvořák Dvořáková Černý Černá Němec Němcová Novotný Veselý Procházka Kučera Kučerová Horák Marešová
        Beneš Fiala Zdeněk Ondřej Řehoř Vojtěch Tomáš Lukáš Matěj Václav Jaromír Šimůnek Růžička Růžena Březina
        Doležal Křížek Kříž Pokorný Hájek Jelínek Král Němeček Pospíšil Havlíček Sýkora Ševčík Hruška Tichý Bláha
        Vaněk Kovář Kovářová Kolář Říha Vlček Krejčí Žák Šťastný Martinů Petrů Příbram Plzeň Děčín Třebíč Přerov Zlín
        Příjmení Jméno Společnost
    """,
    "polish": """
        Łukasz Michał Paweł Stanisław Wojciech Małgorzata Agnieszka Elżbieta Grażyna Bożena Żaneta Jędrzej Sławomir
        Rafał Wójcik Kamiński Zieliński Szymański Woźniak Dąbrowski Kozłowski Jankowski Mazurek Wróblewski Kwiatkowski
        Król Wieczorek Jabłoński Majewski Olszewski Stępień Malinowski Jaworski Adamczyk Dudek Nowakowski Pawłowski
        Górski Witkowski Rutkowski Baran Duda Sikora Głowacki Zając Kaźmierczak Gąsior Wąsik Świątek Ślusarczyk Łódź
        Kraków Poznań Gdańsk Toruń Śląsk Imię
    """,
    "hungarian": """
        Győző Erdős Szőke Kőszegi Petőfi Dezső Jenő Gergő Fűrész Szűcs Németh Kovács Tóth Szabó Horváth Varga Nagy
        Kiss Molnár László Zoltán István György Gábor Tamás Péter Ágnes Éva Zsófia Réka Eszter Erzsébet Katalin Mária
        Ildikó Anikó Enikő Győr Pécs Szeged Budapest Kőbánya Füzes Űrhajós Üllői Őze Hegedűs Fülöp Lőrinc Benedekfi
        Ürögi Vörös Szőllősi Bődi Kővári
    """,
    "romanian": """
        Ştefan Ştefania Ionuţ Mădălina Cătălin Cătălina Bălan Brătianu Mărioara Văcărescu Ţepeş Braşov Iaşi Bucureşti
        Timişoara Constanţa Târgu Câmpina Ploieşti Bacău Suceava Râmnicu Sâmpetru Gheorghiţă Păun Dănuţ Vasilică
        Mihăiţă Rodica Lăcrămioara Mureşan Rusu Popescu Tănase Dumitraşcu Ciobîcă Pîrvu Tudorică Bîrsan Ţurcanu
        Stănescu Vlăduţ Florică
    """,
    "turkish": """
        Ayşe Işık Doğan Çağlar Yılmaz Aydın Kılıç Şahin Şimşek Yıldız Özdemir Öztürk Kaya Demir Çelik Erdoğan Eroğlu
        Aslan Kara Koç Kurt Özkan Şentürk Güneş Aksoy Barış Bülent Cağrı Tuğba Uğur Oğuz Yiğit İbrahim İsmail İlker
        İrem Gökhan Gülşen Nazlı Fırat Sıla Altın Başak Demirtaş Kaplan Tekin Avcı Taşçı Balcı Çınar Güngör Karadağ
        Ateş Bozkurt Ünal Sarı Ağca
    """,
    "baltic": """
        Jānis Bērziņš Kalniņš Ozoliņš Ozoliņa Līga Pēteris Zīle Ķirsis Ļubova Ģirts Šķēle Žukauskas Šimkus Kęstutis
        Rūta Jūratė Birutė Agnė Mindaugas Vaitkūnas Paulauskienė Kazlauskaitė Žydrūnas Šarūnas Tõnu Jõgi Mägi Pärt
        Kõiv Põld
    """,
    "russian": """
        Иван Иванов Пётр Петров Мария Сидорова Сергей Кузнецов Наталья Смирнова Дмитрий Попов Екатерина Васильева
        Алексей Михайлов Ольга Новикова Юрий Фёдоров Светлана Морозова Владимир Волков Анна Лебедева Николай Козлов
        Имя Фамилия
    """,
    "greek": """
        Γιώργος Παπαδόπουλος Μαρία Νικολάου Δημήτρης Ιωάννου Ελένη Γεωργίου Κώστας Αθανασίου Βασιλική Δημητρίου Νίκος
        Παναγιώτου Χρήστος Κωνσταντίνου Σοφία Οικονόμου Αλέξανδρος Όνομα Επώνυμο Αθήνα Θεσσαλονίκη
    """,
    "japanese": """
        田中 太郎 山田 花子 佐藤 鈴木 高橋 渡辺 伊藤 山本 中村 小林 加藤 吉田 山口 松本 井上 木村 清水 斎藤 林 橋本
        阿部 氏名 会社名 さくら ひろし タナカ ハナコ 東京 大阪 髙橋
    """,
    "chinese": """
        王伟 李娜 张敏 刘洋 陈静 杨丽 黄强 赵磊 吴军 周勇 徐艳 孙杰 马娟 朱涛 胡明 郭超 何秀英 林霞 罗平 高刚 姓名
        公司 部门 北京
    """,
    "taiwanese": """
        陳怡君 林志明 黃淑芬 張家豪 李美玲 王俊宏 吳雅婷 劉建國 蔡佩珊 楊宗翰 許惠雯 鄭文傑 謝淑惠 姓名 公司 部門 臺北
    """,
    "korean": """
        김민준 이서연 박지훈 최수빈 정하윤 강도현 조은서 윤지우 장예준 임서준 한지민 오승현 서연우 신동욱 권나연 이름
        회사 서울
    """,
}
